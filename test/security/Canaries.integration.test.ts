import { inspect } from "node:util"
import { assert, layer } from "@effect/vitest"
import { Cause, Context, Effect, Layer, Logger, Redacted, References, Schedule, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { TransactionIds } from "../../src/domain/Ids.ts"
import { networkOf } from "../../src/domain/NetworkAddress.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"
import { tables } from "./Digest.ts"

/** Everything that was logged and traced, as text. */
class Records extends Context.Service<
  Records,
  { readonly logs: ReadonlyArray<string>; readonly spans: () => ReadonlyArray<string> }
>()("payment-service/test/Records") {
  static readonly layer = Layer.suspend(() => {
    const logs: Array<string> = []
    const spans: Array<Tracer.NativeSpan> = []
    const logger = Logger.make((options) => {
      logs.push(JSON.stringify(Logger.formatStructured.log(options)), inspect(options.message, { depth: 8 }))
      logs.push(Cause.pretty(options.cause))
    })
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    return Layer.mergeAll(
      Layer.succeed(Records, { logs, spans: () => spans.map(textOf) }),
      Logger.layer([logger]),
      Layer.succeed(Tracer.Tracer, tracer),
      Layer.succeed(References.MinimumLogLevel, "All")
    )
  })
}

const textOf = ({ attributes, events, name, status }: Tracer.NativeSpan): string => {
  const failure = status._tag === "Ended" && status.exit._tag === "Failure" ? Cause.pretty(status.exit.cause) : ""
  return [name, inspect([...attributes], { depth: 8 }), inspect(events, { depth: 8 }), failure].join("\n")
}

const card = "4111111111111111"
const grouped = "5555 5555 5555 4444"

/** What only operators give. */
const suppliedBric = "CANARYBRIC000000000Y"
const epiKey = "CANARY-EPI-KEY-0001"

/** Of buyers. */
const addresses = ["203.0.113.217", "2001:db8:ca4a:57::ab1e"]

/** Parts of a four-part key that stand out. They have columns of their own, and nothing else may show them. */
const fourPartKey = { cust_nbr: "7391", merch_nbr: "CANARYMERCH", dba_nbr: "CANARYDBA", terminal_nbr: "CANARYTERM" }

/** Charges that succeed, are declined, are refused, stay in doubt and fail by a defect; and what was answered. */
const everyPath = Effect.gen(function* () {
  const { charge, makeMerchant, merchant, operatorKey, request, requestOps, simulator } = yield* TestService
  const sql = yield* SqlClient.SqlClient
  const answers: Array<HttpAnswer> = []
  const keep = <E, R>(answer: Effect.Effect<HttpAnswer, E, R>) =>
    Effect.tap(answer, (made) => Effect.sync(() => answers.push(made)))

  const planted = yield* makeMerchant()
  yield* sql`UPDATE terminals SET ${sql.update(fourPartKey)} WHERE merch_nbr = ${planted.terminal.split("-")[1] ?? ""}`
  const by = (key: string) => ({ key })
  // The Visa test BRIC stands in the documentation.
  const source = { bric: simulator.brics.mastercard }
  const [customer_ip, other_ip] = addresses
  const order = { source, customer_id: "c-1", customer_ip, metadata: { a: "b" } }
  const good = yield* keep(charge(order, by(planted.keys.all)))
  assert.deepStrictEqual([good.status, good.json.status], [201, "captured"])
  for (const customer_ip of addresses) {
    const refused = yield* keep(charge({ source, customer_ip, amount: 120 }, by(planted.keys.all)))
    assert.strictEqual(refused.json.status, "declined")
  }
  assert.strictEqual((yield* keep(charge({ source, customer_ip: `${other_ip}/64` }))).status, 422)
  assert.strictEqual(
    (yield* keep(charge({ source: { bric: "CANARYBRIC000000000X" } }, by(planted.keys.all)))).status,
    201
  )

  yield* simulator.scenarios.add({ effect: "RESET_AFTER", match: { TRAN_TYPE: "CCE1" } })
  const doubt = yield* keep(charge({ source }, by(planted.keys.all)))
  assert.deepStrictEqual([doubt.status, doubt.json.status], [202, "unknown"])
  const read = request({ path: `/v1/payments/${doubt.json.id}`, key: planted.keys.read })
  yield* Effect.repeat(keep(read), { until: ({ json }) => json.status === "reversed" })

  // A defect in the claim and one in the settlement: Postgres quotes the row that does not fit.
  for (const [table, check, status] of [
    ["transactions", "amount <> 4242", 500],
    // EPX has charged by then, so it is not called an error.
    ["events", "payload IS NULL", 202]
  ] as const) {
    yield* sql`ALTER TABLE ${sql(table)} ADD CONSTRAINT canary CHECK (${sql.literal(check)}) NOT VALID`
    assert.strictEqual((yield* keep(charge({ ...order, amount: 4242 }, by(planted.keys.all)))).status, status, table)
    yield* sql`ALTER TABLE ${sql(table)} DROP CONSTRAINT canary`
  }

  for (const bad of [card, grouped]) {
    for (const change of [
      { amount: Number(bad.replaceAll(" ", "")) },
      { currency: bad },
      { source: { bric: bad } },
      { customer_id: bad },
      { order_ref: bad },
      { billing_address: { street: bad, postal_code: bad } },
      { metadata: { a: bad } },
      { metadata: { [bad]: "a" } },
      { [bad]: bad }
    ]) {
      assert.strictEqual((yield* keep(charge(change))).status, 422)
    }
    yield* keep(charge({}, { idempotencyKey: bad.replaceAll(" ", "-") }))
  }
  const secrets = [
    card,
    encodeURIComponent(grouped),
    grouped.replaceAll(" ", "+"),
    merchant.keys.all,
    simulator.brics.mastercard
  ]
  for (const secret of secrets) {
    for (const path of [`/v1/payments/${secret}`, `/v1/payments?cursor=${secret}`, `/${secret}`, `/docs?a=${secret}`]) {
      yield* keep(request({ path, key: merchant.keys.all }))
      yield* keep(requestOps({ path, key: operatorKey }))
    }
    const headers = { "x-request-id": secret, "user-agent": secret, referer: secret, cookie: secret, "x-card": secret }
    yield* keep(request({ path: "/v1/payments?limit=1", key: merchant.keys.all, headers }))
    yield* keep(request({ path: "/v1/payments", headers: { ...headers, authorization: `Basic ${secret}` } }))
    yield* keep(request({ method: "POST", path: "/v1/payments", key: merchant.keys.all, headers, body: secret }))
  }
  const desk = yield* makeMerchant()
  yield* simulator.scenarios.add({ effect: "RESET_AFTER", match: { TRAN_TYPE: "CCE1" }, key: desk.terminal })
  yield* simulator.scenarios.add({ effect: "RESET_BEFORE", times: "always", key: desk.terminal })
  const open = yield* keep(charge({ source }, by(desk.keys.all)))
  const [{ id: call }] = open.json.transactions
  const operate = (path: string, json?: object, method = json === undefined ? "GET" : "POST") =>
    keep(requestOps({ path: `/v1${path}`, key: operatorKey, method, ...(json === undefined ? {} : { json }) }))
  const giveUp = sql`UPDATE transactions SET next_attempt_at = NULL
    WHERE id = ${TransactionIds.toUuid(TransactionIds.Id.make(call))}::uuid`
  // An attempt that is under way plans the next one when it ends.
  const listed = yield* Effect.andThen(giveUp, operate(`/exceptions?merchant_id=${desk.id}`)).pipe(
    Effect.repeat({ until: ({ text }) => text.includes(call), schedule: Schedule.spaced("50 millis"), times: 100 })
  )
  assert.include(listed.text, call)
  const resolution = { outcome: "approved", evidence: "EPX case 4711", bric: suppliedBric }
  for (const evidence of [card, grouped, suppliedBric, merchant.keys.all]) {
    yield* operate(`/exceptions/${call}/resolve`, { ...resolution, evidence })
  }
  const resolved = yield* operate(`/exceptions/${call}/resolve`, resolution)
  assert.strictEqual(resolved.status, 200, resolved.text)
  const [{ id: terminal }] = (yield* operate(`/merchants/${desk.id}`)).json.terminals
  const sealed = yield* operate(`/merchants/${desk.id}/terminals/${terminal}`, { lookup_key: epiKey }, "PATCH")
  assert.isTrue(sealed.json.has_lookup_key)
  yield* operate(`/merchants/${desk.id}/terminals/${terminal}`, { lookup_key: `${epiKey} ` }, "PATCH")
  yield* operate("/audit-events?limit=100")
  for (const path of [`/v1/payments/${doubt.json.id}/timeline`, "/v1/events?limit=100"]) {
    yield* keep(request({ path, key: planted.keys.read }))
  }
  yield* keep(request({ path: `/v1/payments/${open.json.id}/timeline`, key: desk.keys.read }))
  yield* keep(request({ path: "/v1/payments", key: merchant.keys.all }))
  yield* keep(request({ path: "/openapi.json" }))
  yield* keep(requestOps({ path: "/metrics" }))
  return { answers, planted }
})

/** All rows as text, without the columns where a secret belongs. */
const stored = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const own = [...Object.keys(fourPartKey), "bric_sealed"]
  const rows: Array<string> = []
  for (const table of yield* tables) {
    const found = yield* sql<{
      readonly row: string
    }>`SELECT (to_jsonb(t) - ${own}::text[])::text AS row FROM ${sql(table)} t`
    rows.push(...found.map(({ row }) => `${table} ${row}`))
  }
  return rows
})

/** The BRICs that EPX gave for what was charged. */
const givenBrics = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* ColumnCipher
  const rows = yield* sql<{ readonly id: string; readonly keyId: string; readonly sealed: Uint8Array }>`
    SELECT id::text AS id, bric_key_id AS "keyId", bric_sealed AS sealed FROM transactions WHERE bric_sealed IS NOT NULL`
  return yield* Effect.forEach(rows, ({ id, ...sealed }) =>
    Effect.map(cipher.unseal(sealed, `transactions.bric ${TransactionIds.fromUuid(id)}`), Redacted.value)
  )
})

/** A secret as it is, in hexadecimal as bytea shows it, in base64, and for a card number in groups. */
const formsOf = (secret: string): ReadonlyArray<string> => [
  secret,
  Buffer.from(secret).toString("hex"),
  Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -1)
]

layer(TestService.layer.pipe(Layer.provideMerge(Records.layer)))("secrets", (it) => {
  it.effect("are nowhere but where they belong, whatever happened", () =>
    Effect.gen(function* () {
      const { merchant, operatorKey, simulator } = yield* TestService
      const { answers, planted } = yield* everyPath
      const { logs, spans } = yield* Records
      const brics = yield* givenBrics
      assert.isAtLeast(brics.length, 2)
      const secrets = [
        ...Object.values(merchant.keys),
        ...Object.values(planted.keys),
        operatorKey,
        simulator.brics.mastercard,
        "CANARYBRIC000000000X",
        suppliedBric,
        epiKey,
        ...addresses,
        ...addresses.map(networkOf),
        ...brics,
        fourPartKey.merch_nbr,
        fourPartKey.dba_nbr,
        fourPartKey.terminal_nbr,
        card,
        "4111 1111",
        "4111+1111",
        "4111-1111",
        "5555 5555",
        "5555+5555",
        "5555-5555",
        "5555%205555",
        "5555555555554444"
      ]
      const places = {
        tables: yield* stored,
        logs,
        spans: spans(),
        answers: answers.map(({ headers, text }) => `${JSON.stringify(headers)}\n${text}`)
      }
      for (const [place, texts] of Object.entries(places)) {
        assert.isAbove(texts.length, 20, place)
        for (const form of secrets.flatMap(formsOf)) {
          const found = texts.find((text) => text.includes(form))
          assert.isUndefined(found, `${form} in ${place}`)
        }
      }
      // The search would have found them: each place holds what it may hold.
      for (const [place, word] of [
        ["tables", "reversed"],
        ["logs", "A request failed by a defect"],
        ["spans", "Epx.sale"],
        ["answers", "payments_total"]
      ] as const) {
        assert.isTrue(
          places[place].some((text) => text.includes(word)),
          `${word} in ${place}`
        )
      }
    })
  )
})
