import { assert, layer } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { TestService } from "../../support/TestService.ts"
import { until } from "../Pools.ts"
import { Pair } from "./Pair.ts"
import { ReplicatedService, settled } from "./ReplicatedService.ts"

interface Entry {
  readonly id: string
  readonly payment_id?: string
}

const get = (path: string, key?: string) =>
  Effect.flatMap(TestService, ({ merchant, request }) => request({ path, key: key ?? merchant.keys.read }))

const idsOf = (path: string, key?: string) =>
  Effect.map(get(path, key), ({ json }) => {
    const data: ReadonlyArray<Entry> = json.data
    return data.map(({ id }) => id)
  })

const audited = Effect.flatMap(TestService, ({ operatorKey: key, requestOps }) =>
  Effect.map(requestOps({ path: "/v1/audit-events?limit=1", key }), ({ json }): Entry => json.data[0])
)

layer(ReplicatedService, { excludeTestServices: true, timeout: 60_000 })("a service with a replica", (it) => {
  it.effect("lists what the replica has, and shows a payment as it is; for five seconds and no longer", () =>
    Effect.gen(function* () {
      const { charge, merchant, operatorKey: key, requestOps } = yield* TestService
      const { paused } = yield* Pair
      const first = (yield* charge()).json.id
      yield* settled
      yield* until(idsOf("/v1/payments"), ([newest]) => newest === first)
      const known = yield* audited
      yield* paused
      const [time, second] = yield* Effect.timed(
        Effect.gen(function* () {
          const { json, status } = yield* charge()
          assert.strictEqual(status, 201)
          const { id } = json
          yield* requestOps({ method: "PATCH", path: `/v1/merchants/${merchant.id}`, key, json: { name: "Other" } })

          assert.deepInclude((yield* get(`/v1/payments/${id}`)).json, { id, status: "captured" })
          assert.deepStrictEqual(yield* idsOf(`/v1/payments?ids=${id}`), [id])
          assert.strictEqual((yield* get(`/v1/payments/${id}/timeline`)).json.payment_id, id)
          assert.deepStrictEqual((yield* get(`/v1/payments/${id}/refunds`)).status, 200)

          assert.strictEqual((yield* idsOf("/v1/payments"))[0], first)
          assert.deepStrictEqual(yield* idsOf(`/v1/events?payment_id=${id}`), [])
          assert.strictEqual((yield* audited).id, known.id)
          return id
        })
      )
      assert.isBelow(Duration.toMillis(time), 4_000)
      const [lasted] = yield* Effect.timed(until(idsOf("/v1/payments"), ([newest]) => newest === second))
      assert.isBelow(Duration.toMillis(lasted), 5_500)
      assert.isNotEmpty(yield* idsOf(`/v1/events?payment_id=${second}`))
      assert.notStrictEqual((yield* audited).id, known.id)
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a revoked key at once, and decides nothing by what the replica has", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant, operatorKey: key, requestOps } = yield* TestService
      const { paused } = yield* Pair
      const { id, keys } = yield* makeMerchant()
      const made = yield* requestOps({
        method: "POST",
        path: "/v1/api-keys",
        key,
        json: { merchant_id: id, name: "Short", environment: "test", scopes: ["payments:read"] }
      })
      assert.strictEqual(made.status, 201)
      yield* charge({}, { key: keys.all })
      yield* settled
      assert.lengthOf(yield* idsOf("/v1/payments", made.json.secret), 1)
      yield* paused
      yield* requestOps({ method: "POST", path: `/v1/api-keys/${made.json.id}/revoke`, key })
      yield* until(get("/v1/payments", made.json.secret), ({ status }) => status === 401).pipe(
        Effect.timeout("1 second")
      )
      yield* requestOps({
        method: "POST",
        path: "/v1/kill-switches",
        key,
        json: { operation: "sale", merchant_id: id, reason: "A drill" }
      })
      assert.strictEqual((yield* charge({}, { key: keys.all })).json.code, "operation_stopped")
    }).pipe(Effect.scoped)
  )

  it.effect("loses and repeats no payment from page to page, wherever each comes from", () =>
    Effect.gen(function* () {
      const { charge, makeMerchant } = yield* TestService
      const { paused } = yield* Pair
      const { keys } = yield* makeMerchant()
      const sell = Effect.suspend(() => Effect.map(charge({}, { key: keys.all }), ({ json }): string => json.id))
      const older = [yield* sell, yield* sell]
      yield* settled
      yield* until(idsOf("/v1/payments", keys.read), ({ length }) => length === 2)
      yield* paused
      const newer = [yield* sell, yield* sell, yield* sell, yield* sell]
      const all = [...older, ...newer].toReversed()
      // The first page is the primary's, as another process has shown it that does not use the replica.
      const rest = yield* idsOf(`/v1/payments?starting_after=${all[1]}`, keys.read)
      assert.deepStrictEqual(rest, all.slice(2))
      const events = yield* get("/v1/events", keys.read)
      assert.lengthOf(events.json.data, 2)

      // The first page is the replica's, and what follows that of the primary.
      const stale = yield* get("/v1/payments?limit=1", keys.read)
      assert.deepStrictEqual(stale.json.data[0].id, older[1])
      const next = yield* idsOf(`/v1/payments?limit=5&cursor=${stale.json.next_cursor}`, keys.read)
      assert.deepStrictEqual(next, [older[0]])
    }).pipe(Effect.scoped)
  )

  it.effect("fails no request while the standby is killed, and is ready all the time", () =>
    Effect.gen(function* () {
      const { charge } = yield* TestService
      const { kill, start, stop } = yield* Pair
      const { id } = (yield* charge()).json
      yield* settled
      const statuses: Array<number> = []
      const ask = (path: string) =>
        get(path).pipe(
          Effect.tap(({ status }) => Effect.sync(() => statuses.push(status))),
          Effect.andThen(Effect.sleep("2 millis")),
          Effect.forever,
          Effect.forkChild
        )
      for (const path of ["/v1/payments", "/v1/events", `/v1/payments/${id}`, "/health/ready"]) yield* ask(path)
      yield* Effect.sleep("300 millis")
      yield* kill
      assert.strictEqual((yield* charge()).status, 201)
      yield* Effect.sleep("2 seconds")
      yield* stop
      yield* start
      assert.isAbove(statuses.length, 100)
      assert.deepStrictEqual(new Set(statuses), new Set([200]))
    })
  )
})
