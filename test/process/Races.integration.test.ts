import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { farCutoff, keepBatchesOpen } from "../support/FarCutoff.ts"
import { until } from "./Program.ts"
import { type Access, visa } from "./Shop.ts"
import { Stand } from "./Stand.ts"

const Answer = Schema.Struct({
  id: Schema.optionalKey(Schema.String),
  status: Schema.Unknown,
  code: Schema.optionalKey(Schema.String)
})

/** Every request has a key of its own, so that nothing but the payment's row can tell them apart. */
const post = ({ apiKey, url }: Access, path: string, body: object) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/v1/payments${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${apiKey}`,
        "content-type": "application/json",
        "idempotency-key": randomUUID()
      },
      body: JSON.stringify(body)
    })
    return { http: response.status, ...Schema.decodeUnknownSync(Answer)(await response.json()) }
  })

const pay = (access: Access, capture: boolean, amount = 2000) =>
  Effect.map(post(access, "", { amount, currency: "USD", capture, source: { bric: visa } }), ({ id = "" }) => id)

const read = ({ apiKey, url }: Access, id: string) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/v1/payments/${id}`, { headers: { authorization: `Bearer ${apiKey}` } })
    return Schema.decodeUnknownSync(
      Schema.Struct({ status: Schema.String, amount_captured: Schema.Int, amount_refunded: Schema.Int })
    )(await response.json())
  })

/** This many requests at once, by turns to each of the services. */
const race = (services: ReadonlyArray<Access>, count: number, path: string, body: object) =>
  Effect.all(
    Array.from({ length: count }, (_, index) => services.slice(index % services.length)[0]).map((access) =>
      access === undefined ? Effect.die("no service") : post(access, path, body)
    ),
    { concurrency: "unbounded" }
  )

const received = (type: string) =>
  Effect.gen(function* () {
    const { simulator } = yield* Stand
    return (yield* simulator.requests({ fields: { TRAN_TYPE: type } })).length
  })

layer(Stand.layer, { excludeTestServices: true })("two processes and one payment", (it) => {
  it.effect(
    "capture it once, refund no more than was captured, and either capture or void it",
    () =>
      Effect.gen(function* () {
        const { simulator, sql, start } = yield* Stand
        const started = [yield* start(), yield* start()] as const
        const services = started.map(({ access }) => access)
        const [access] = started.map((service) => service.access)
        if (access === undefined) return assert.fail("no service")
        const { time, zone } = farCutoff()
        yield* sql`UPDATE terminals SET settlement_zone = ${zone}, settlement_cutoff = ${time}`
        yield* keepBatchesOpen(simulator)

        const held = yield* pay(access, false)
        const captures = yield* race(services, 50, `/${held}/capture`, {})
        assert.lengthOf(
          captures.filter(({ http }) => http === 201),
          1
        )
        for (const { code, http } of captures.filter(({ http }) => http !== 201)) {
          assert.strictEqual(http, 409)
          assert.include(["payment_busy", "not_capturable"], code)
        }
        assert.strictEqual(yield* received("CCE4"), 1)
        assert.strictEqual((yield* read(access, held)).amount_captured, 2000)

        yield* simulator.clock.advance("26 hours")
        yield* sql`UPDATE transactions SET cutoff_at = cutoff_at - interval '26 hours'`
        yield* until(sql`SELECT 1 AS one FROM transactions WHERE status = 'settled'`, ({ length }) => length === 1)
        const refunds = yield* race(services, 50, `/${held}/refunds`, { amount: 150 })
        const made = refunds.filter(({ http }) => http === 201)
        for (const { code, http } of refunds.filter(({ http }) => http !== 201)) {
          assert.include(["amount_exceeds_refundable", "payment_busy"], code, String(http))
        }
        assert.isAtMost(made.length, 13)
        assert.isAbove(made.length, 0)
        assert.strictEqual(yield* received("CCE9"), made.length)
        assert.strictEqual((yield* read(access, held)).amount_refunded, made.length * 150)

        for (const _ of Array.from({ length: 10 })) {
          const id = yield* pay(access, false, 300)
          const [capture, voided] = yield* Effect.all(
            [race(services, 3, `/${id}/capture`, {}), race(services.toReversed(), 3, `/${id}/void`, {})],
            { concurrency: "unbounded" }
          )
          const captured = capture.filter(({ http }) => http === 201)
          const gone = voided.filter(({ http }) => http === 201)
          const { amount_captured, status } = yield* read(access, id)
          // A void may follow a capture that is done, and then it takes that with it; never the other way round.
          if (gone.length === 1) assert.deepStrictEqual([status, amount_captured], ["voided", 0])
          else assert.deepStrictEqual([gone.length, captured.length, status, amount_captured], [0, 1, "captured", 300])
          assert.isAtMost(captured.length, 1)
        }
        assert.deepStrictEqual(yield* simulator.doubleCharges(), [])
        const [ours] = yield* sql`SELECT sum(captured - refunded)::int4 AS net FROM payments`
        assert.strictEqual(
          ours?.net,
          (yield* simulator.ledger()).reduce((sum, { net }) => sum + net, 0)
        )
      }),
    60_000
  )
})
