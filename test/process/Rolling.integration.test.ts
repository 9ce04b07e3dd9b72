import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { sell, statusOf } from "./Shop.ts"
import { Stand } from "./Stand.ts"

type Process = Effect.Success<ReturnType<Stand["Service"]["start"]>>

/** Sends requests to processes that say they are ready, and asks them ten times a second, as load balancers do. */
const balancer = Effect.fnUntraced(function* () {
  const members = new Set<Process>()
  const ready = new Set<Process>()
  const look = Effect.suspend(() =>
    Effect.forEach(
      members,
      (member) =>
        statusOf(`${member.opsUrl}/health/ready`).pipe(
          Effect.orElseSucceed(() => 503),
          Effect.map((status) => (status === 200 ? ready.add(member) : ready.delete(member)))
        ),
      { concurrency: "unbounded", discard: true }
    )
  )
  yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced("100 millis")))
  let turn = 0
  return {
    join: (member: Process) =>
      Effect.andThen(
        Effect.sync(() => members.add(member)),
        look
      ),
    /** The next one in turn. */
    next: () => {
      const [...all] = ready
      const member = all[turn++ % all.length]
      return member === undefined ? Effect.die("no process is ready") : Effect.succeed(member)
    }
  }
})

const clients = 16

layer(Stand.layer, { excludeTestServices: true })("a rolling restart", (it) => {
  it.effect(
    "RES: loses no request and no payment, whichever of two processes is replaced under load",
    () =>
      Effect.gen(function* () {
        const { simulator, sql, start } = yield* Stand
        const begin = start({ SHUTDOWN_DELAY: "1 second" })
        const { join, next } = yield* balancer()
        // The first one makes the keys of the demo merchant.
        const first = yield* begin
        const second = yield* begin
        yield* join(first)
        yield* join(second)

        const answers: Array<number | string> = []
        let isOver = false
        let count = 0
        const client = Effect.gen(function* () {
          while (!isOver) {
            const order = { key: `rolling-${count++}`, amount: 500, allow_duplicate: true }
            const answer = Effect.flatMap(Effect.suspend(next), ({ access }) => sell(access, order))
            answers.push(yield* Effect.match(answer, { onSuccess: ({ status }) => status, onFailure: String }))
          }
        })
        const load = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: clients }, () => client),
            { concurrency: "unbounded", discard: true }
          )
        )
        for (const old of [first, second]) {
          yield* Effect.sleep("700 millis")
          yield* join(yield* begin)
          yield* old.signal("SIGTERM")
          assert.strictEqual(yield* old.ended, 0)
        }
        yield* Effect.sleep("500 millis")
        isOver = true
        yield* Fiber.join(load)

        assert.deepStrictEqual(
          answers.filter((answer) => answer !== 201),
          []
        )
        assert.isAbove(answers.length, 200)
        const [ours] = yield* sql`SELECT count(*)::int4 AS count, sum(captured)::int4 AS captured FROM payments`
        assert.deepStrictEqual(ours, { count: answers.length, captured: answers.length * 500 })
        const theirs = (yield* simulator.ledger()).reduce((sum, { net }) => sum + net, 0)
        assert.strictEqual(theirs, answers.length * 500)
        assert.deepStrictEqual(yield* simulator.doubleCharges(), [])
      }),
    60_000
  )
})
