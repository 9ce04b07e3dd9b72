import { readdirSync } from "node:fs"
import { assert } from "@effect/vitest"
import { Effect, Layer, References, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { ScenarioInput } from "../../src/simulator/Scenarios.ts"
import { Counts } from "../chaos/Counts.ts"
import { Dice } from "../chaos/Dice.ts"
import { chosen } from "../soak/Clients.ts"
import { gaugesOf } from "../soak/Reading.ts"
import { openConnections, type Shop, unanswered } from "../soak/Shop.ts"
import { keepBatchesOpen } from "../support/FarCutoff.ts"
import { collectGarbage } from "../support/Garbage.ts"
import { TestService } from "../support/TestService.ts"

/** For code to be compiled, and caches and pools to be filled. */
const warmUp = 500
const clients = 32

/** So many operations of clients of every kind, the clumsy ones included, on connections that close with them. */
const operate = Effect.fnUntraced(function* (shop: Shop, count: number) {
  const { simulator } = yield* TestService
  const pool = yield* openConnections(shop)
  // Scenarios are consumed, so there is nothing to end.
  const fail = (scenario: object) =>
    Effect.as(simulator.scenarios.add(Schema.decodeUnknownSync(ScenarioInput)(scenario)), Effect.void)
  const gateway = { fail: (scenario: object) => Effect.orDie(fail(scenario)) }
  const dice = new Dice(1)
  const turn = Effect.suspend(() => {
    const operation = chosen(dice)
    return operation === undefined ? Effect.void : operation.run({ shop, gateway, pool, dice: dice.fork() })
  })
  yield* Effect.all(
    Array.from({ length: count }, () => turn),
    { concurrency: clients, discard: true }
  )
}, Effect.scoped)

const metrics = Effect.map(
  Effect.flatMap(TestService, ({ requestOps }) => requestOps({ path: "/metrics" })),
  ({ text }) => ({ ...gaugesOf(text), fibers: Number(/^fibers_active (\d+)$/m.exec(text)?.[1]) })
)

const open = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql`SELECT count(*)::int AS count FROM transactions WHERE status IN ('submitting', 'unknown')`,
    ([row]) => row?.["count"]
  )
)

const soon = Schedule.spaced("50 millis")

/** What is there once nothing is on its way any more, neither in the process nor between the books. */
const atRest = Effect.gen(function* () {
  const { simulator } = yield* TestService
  yield* Effect.repeat(open, { until: (count) => count === 0, schedule: soon })
  // The gateway keeps its books in this process, too.
  yield* simulator.reset()
  yield* keepBatchesOpen(simulator)
  // A sweep may be at work just now, and sockets close when they have said good-bye.
  yield* Effect.sleep("500 millis")
  const { fibers, inFlight } = yield* Effect.repeat(metrics, {
    until: ({ inFlight }) => inFlight === 0,
    schedule: soon
  })
  yield* collectGarbage
  return {
    fibers,
    inFlight,
    heap: process.memoryUsage().heapUsed / 1e6,
    descriptors: readdirSync("/proc/self/fd").length,
    resources: process.getActiveResourcesInfo().length
  }
})

/** What is told at each rest would be thousands of lines. */
export const quietService = TestService.layer.pipe(Layer.provide(Layer.succeed(References.MinimumLogLevel, "Warn")))

/**
 * Nothing is left of so many operations of clients, some of whom go away: no fiber, descriptor or socket, and of the
 * heap not more than so many megabytes.
 */
export const leavesNothing = Effect.fnUntraced(function* (load: number, heap: number) {
  const { merchant, requestOps, urls } = yield* TestService
  const shop: Shop = { url: urls.api, apiKey: merchant.keys.all, answers: new Counts(), told: new Set() }
  yield* operate(shop, warmUp)
  const before = yield* atRest
  yield* operate(shop, load)
  const after = yield* atRest

  assert.strictEqual(shop.answers.of(unanswered), 0)
  for (const status of ["200", "201", "202", "400", "401", "404", "422"]) {
    assert.isAbove(shop.answers.of(status), 0, `${status} among ${shop.answers}`)
  }
  // Of clients that went away only the service knows.
  assert.include((yield* requestOps({ path: "/metrics" })).text, 'status="499"')
  const told = JSON.stringify({ before, after })
  assert.strictEqual(after.inFlight, 0, told)
  assert.isAtMost(after.fibers, before.fibers + 5, told)
  assert.isAtMost(after.descriptors, before.descriptors + 5, told)
  assert.isAtMost(after.resources, before.resources + 5, told)
  assert.isAtMost(after.heap, before.heap + heap, told)
})
