import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema, Tracer } from "effect"
import { Timeline } from "../../src/domain/Timeline.ts"
import { problemOf } from "../http/Problems.ts"
import { TestService } from "../support/TestService.ts"

const decode = Schema.decodeUnknownEffect(Timeline)

const timelineOf = (id: string, key?: string) =>
  Effect.flatMap(TestService, ({ merchant, request }) =>
    request({ path: `/v1/payments/${id}/timeline`, key: key ?? merchant.keys.read })
  )

/** As with an exporter: without one there are no traces. */
const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })

layer(TestService.layer.pipe(Layer.provide(Layer.succeed(Tracer.Tracer, tracer))))(
  "GET /v1/payments/{id}/timeline",
  (it) => {
    it.effect("tells the whole life of a payment: calls, books and events that agree, the oldest first", () =>
      Effect.gen(function* () {
        const { charge, merchant, request } = yield* TestService
        const { json } = yield* charge({ capture: false })
        const post = (route: string, body: object) =>
          request({
            path: `/v1/payments/${json.id}/${route}`,
            key: merchant.keys.all,
            headers: { "idempotency-key": randomUUID() },
            json: body
          })
        assert.strictEqual((yield* post("capture", { amount: 1500 })).status, 201)
        assert.strictEqual((yield* post("void", {})).json.status, "voided")

        const answer = yield* timelineOf(json.id)
        const timeline = yield* decode(answer.json)
        assert.deepStrictEqual([timeline.payment_id, timeline.status], [json.id, "voided"])
        const shown = timeline.transactions.map(({ status, type }) => [type, status])
        assert.deepStrictEqual(shown, [
          ["authorization", "voided"],
          ["capture", "voided"],
          ["void", "approved"],
          ["void", "approved"]
        ])
        const types = timeline.events.map(({ type }) => type)
        assert.deepStrictEqual(types.slice(0, 2), ["payment.authorized", "capture.approved"])
        assert.include(types, "payment.voided")
        for (const { id } of timeline.transactions) {
          const entries = timeline.ledger_entries.filter(({ transaction_id }) => transaction_id === id)
          assert.strictEqual(
            entries.reduce((sum, { amount }) => sum + amount, 0),
            0
          )
        }
        const moved = timeline.ledger_entries.map(({ account, amount }) => [account, amount])
        assert.deepInclude(moved, ["receivable", 1500])
        assert.match(timeline.transactions[0]?.trace_id ?? "", /^[0-9a-f]{32}$/)
      })
    )

    it.effect("shows the attempts to find out, and of a doubt no more than its kind", () =>
      Effect.gen(function* () {
        const { charge, simulator } = yield* TestService
        yield* simulator.scenarios.add({ effect: "RESET_AFTER", match: { TRAN_TYPE: "CCE1" } })
        const { json } = yield* charge()
        const answer = yield* Effect.repeat(timelineOf(json.id), { until: ({ json }) => json.status === "reversed" })
        const [sale, reversal] = (yield* decode(answer.json)).transactions
        assert.deepInclude(sale, { type: "sale", status: "reversed", attempts: 1, resolved_by: "reversal" })
        assert.deepStrictEqual(
          [reversal?.type, reversal?.status, reversal?.reversal_of],
          ["reversal", "approved", sale?.id]
        )
        // What follows the colon names addresses.
        const sql = yield* PgClient.PgClient
        const told = "no_answer: ECONNRESET 10.0.0.7:443"
        yield* sql`UPDATE transactions SET doubt = ${told}, late_response_code = ${told}
        WHERE id = (SELECT id FROM transactions ORDER BY id DESC LIMIT 1)`
        const late = yield* timelineOf(json.id)
        assert.notInclude(late.text, "10.0.0.7")
        assert.deepInclude(late.json.transactions.at(-1), { doubt: "no_answer", late_response_code: "no_answer" })
      })
    )

    it.effect("does not know what is no payment of the tenant", () =>
      Effect.gen(function* () {
        const { charge, makeMerchant, merchant } = yield* TestService
        const { json } = yield* charge()
        const other = yield* makeMerchant()
        for (const [id, key] of [
          [json.id, other.keys.all],
          [json.id, merchant.keys.live],
          ["pay_00000000000000000000000000", merchant.keys.read],
          ["pay_1", merchant.keys.read]
        ] as const) {
          assert.deepStrictEqual(problemOf(yield* timelineOf(id, key)), [404, "payment_not_found"])
        }
      })
    )
  }
)
