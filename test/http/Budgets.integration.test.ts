import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Statement } from "effect/sql"
import { TestClock } from "effect/testing"
import { requestId } from "../../src/http/RequestId.ts"
import { TestService } from "../support/TestService.ts"
import { budgets } from "./Budgets.ts"
import { routes } from "./Routes.ts"

/** The statements of each request, by its id. What a request has set off counts too, and what nobody asked for not. */
const sent = new Map<string, Array<string>>()

const noting: Statement.Transformer = (statement) =>
  Effect.map(requestId, (id) => {
    if (id !== undefined) sent.set(id, [...(sent.get(id) ?? []), statement.compile()[0]])
    return statement
  })

/** Taken for many requests at a time, by the one that finds the block before it spent. */
const lease = /rate_limits|concurrency_leases|lease_places|decline_levels/

const lookUp = /FROM api_keys\s+WHERE hash/

layer(TestService.layer.pipe(Layer.provide(Layer.succeed(Statement.CurrentTransformer, noting))))(
  "DB-11: the statements of a request",
  (it) => {
    const send = Effect.fnUntraced(function* (
      { api, method }: (typeof routes)[number],
      { request }: NonNullable<(typeof budgets)[string]>[number]
    ) {
      const { merchant, operatorKey, request: ask, requestOps } = yield* TestService
      const [key, to] = api === "api" ? [merchant.keys.all, ask] : [operatorKey, requestOps]
      const asked = yield* request
      // Who holds the key is known from now on.
      yield* to({ path: api === "api" ? "/v1/events?limit=1" : "/v1/api-keys?limit=1", key })
      const id = randomUUID()
      const headers = { "x-request-id": id, "idempotency-key": randomUUID(), ...asked.headers }
      const { status, text } = yield* to({ ...asked, method, key, headers })
      assert.isBelow(status, 400, text)
      return (sent.get(id) ?? []).filter((text) => !lease.test(text))
    })

    it("have a budget for every route, and for nothing else", () => {
      assert.sameMembers(
        Object.keys(budgets),
        routes.map(({ method, path }) => `${method} ${path}`)
      )
      for (const each of Object.values(budgets)) assert.isNotEmpty(each)
    })

    for (const route of routes) {
      const name = `${route.method} ${route.path}`
      for (const budget of budgets[name] ?? []) {
        it.effect(`are no more and no fewer than ${budget.statements}: ${name}, ${budget.what}`, () =>
          Effect.gen(function* () {
            const statements = yield* send(route, budget)
            assert.lengthOf(statements, budget.statements, statements.join("\n"))
            // Others hear of it in a moment, and then look their keys up again.
            if (name.includes("/api-keys/:id")) yield* TestClock.withLive(Effect.sleep("300 millis"))
          })
        )
      }
    }

    it.effect("are one more while it is not known who holds the key", () =>
      Effect.gen(function* () {
        const { makeMerchant, request } = yield* TestService
        const { keys } = yield* makeMerchant()
        const counts: Array<number> = []
        for (const id of [randomUUID(), randomUUID()]) {
          yield* request({ path: "/v1/payments", key: keys.read, headers: { "x-request-id": id } })
          counts.push(sent.get(id)?.filter((text) => lookUp.test(text)).length ?? 0)
        }
        assert.deepStrictEqual(counts, [1, 0])
      })
    )
  }
)
