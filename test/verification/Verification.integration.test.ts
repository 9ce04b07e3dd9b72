import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Report } from "../../src/verification/Report.ts"
import { workplace } from "../local/Workplace.ts"
import { launch } from "../process/Program.ts"
import { emptied } from "../support/Emptied.ts"
import { keepBatchesOpen } from "../support/FarCutoff.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { TestService } from "../support/TestService.ts"

const post = (id: string, route: string, json?: object) =>
  Effect.flatMap(TestService, ({ merchant, request }) =>
    request({
      method: "POST",
      path: `/v1/payments/${id}/${route}`,
      key: merchant.keys.all,
      headers: { "idempotency-key": randomUUID() },
      ...(json === undefined ? {} : { json })
    })
  )

/** `npm run cli -- verify` on the service's own database. */
const verify = (...flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { database, host, port, username } = yield* TestDatabase
    const program = yield* launch(["verify", ...flags], {
      LOCAL_DIRECTORY: yield* workplace(),
      DATABASE_URL: `postgres://${username}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
    })
    const code = yield* program.ended
    return { code, stdout: program.stdout(), stderr: program.stderr() }
  }).pipe(Effect.scoped)

const verifyAll = Effect.gen(function* () {
  const { simulator } = yield* TestService
  const { code, stderr, stdout } = yield* verify("--simulator", simulator.controlUrl.href, "--format", "json")
  if (code !== 0 && code !== 1) throw new Error(stderr)
  const report = Schema.decodeUnknownSync(Schema.fromJsonString(Report))(stdout)
  return { code, report, names: [...new Set(report.violations.map(({ name }) => name))] }
})

const until = <A, E, R>(ask: Effect.Effect<A, E, R>, holds: (answer: A) => boolean) =>
  ask.pipe(
    Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: holds }),
    Effect.timeout("20 seconds"),
    TestClock.withLive
  )

const decided = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const open = sql`SELECT id FROM payments WHERE calls > 0 OR doubts > 0 OR status = 'processing'`
  yield* until(open, ({ length }) => length === 0)
})

/** One row each changed behind the service's back, back again by the second statement, and what is said of it. */
const harms: ReadonlyArray<readonly [name: string, harm: string, mend: string]> = [
  [
    "not_the_fold",
    "UPDATE payments SET captured = captured - 1 WHERE status = 'captured'",
    "UPDATE payments SET captured = captured + 1 WHERE status = 'captured'"
  ],
  [
    "refunds_differ",
    "UPDATE transactions SET refunded = 7 WHERE type = 'capture' AND probe_of IS NULL",
    "UPDATE transactions SET refunded = 0 WHERE refunded = 7"
  ],
  [
    "unbalanced",
    "UPDATE ledger_entries SET amount = amount + 1 WHERE account = 'held' AND amount > 0",
    "UPDATE ledger_entries SET amount = amount - 1 WHERE account = 'held' AND amount > 0"
  ],
  [
    "not_at_gateway",
    "UPDATE transactions SET merch_nbr = '1' || merch_nbr WHERE type = 'sale' AND status = 'approved'",
    "UPDATE transactions SET merch_nbr = substr(merch_nbr, 2) WHERE type = 'sale' AND status = 'approved'"
  ],
  ["secret_in_clear", "UPDATE payments SET order_ref = '4111111111111111'", "UPDATE payments SET order_ref = NULL"],
  [
    "illegal_edge",
    "UPDATE events SET type = 'void.declined' WHERE type = 'void.approved'",
    "UPDATE events SET type = 'void.approved' WHERE type = 'void.declined'"
  ],
  ["foreign", "UPDATE events SET environment = 'live'", "UPDATE events SET environment = 'test'"],
  [
    "foreign",
    "UPDATE transactions SET terminal_id = merchant_id WHERE type = 'capture'",
    "UPDATE transactions SET terminal_id = terminals.id FROM terminals WHERE type = 'capture'"
  ]
]

layer(TestService.layer)("the books of a service at work", (it) => {
  it.effect(
    "agree with the gateway's after every kind of operation, and no longer once a row is changed",
    () =>
      Effect.gen(function* () {
        const { charge, merchant, simulator } = yield* TestService
        const sql = yield* PgClient.PgClient
        yield* emptied
        yield* simulator.reset()
        yield* keepBatchesOpen(simulator)
        yield* charge()
        yield* charge({ amount: 120 })
        yield* post((yield* charge()).json.id, "void")
        const held = (yield* charge({ capture: false })).json.id
        yield* post(held, "capture", { amount: 1500 })
        const gone = (yield* charge({ capture: false })).json.id
        yield* post(gone, "capture")
        yield* post(gone, "void")
        yield* charge({ capture: false })
        const refunded = (yield* charge()).json.id
        yield* post(refunded, "refunds", { amount: 100 })
        yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE1" }, effect: "RESET_AFTER" })
        yield* charge()
        for (const effect of ["RESET_AFTER", "RESET_BEFORE"]) {
          yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE4" }, effect })
          yield* post((yield* charge({ capture: false })).json.id, "capture")
          // The next fault is not for the probe of this one.
          yield* decided
        }
        yield* decided
        const { code, report } = yield* verifyAll
        assert.deepStrictEqual(report.violations, [])
        assert.strictEqual(code, 0)
        assert.strictEqual(report.counts.payments, 10)
        assert.isAbove(report.counts.gateway_transactions ?? 0, 10)
        assert.strictEqual(report.counts.gateway_requests, (yield* simulator.requests()).length)

        for (const [name, harm, mend] of harms) {
          yield* sql.unsafe(harm)
          const { code, names } = yield* verifyAll
          assert.deepStrictEqual([name, code], [name, 1])
          assert.include(names, name)
          yield* sql.unsafe(mend)
        }
        assert.strictEqual((yield* verifyAll).code, 0)

        const text = yield* verify("--merchant", merchant.id)
        assert.strictEqual(text.code, 0)
        assert.match(text.stdout, /^Checked 10 payments, .*not compared with the gateway\.\n.*\nNo difference\.\n$/)
      }),
    60_000
  )

  it.effect(
    "agree after the capture of an authorization that has lapsed was voided",
    () =>
      Effect.gen(function* () {
        const { charge } = yield* TestService
        const sql = yield* PgClient.PgClient
        yield* sql`UPDATE terminals SET multiple_captures = true`
        const { id } = (yield* charge({ capture: false })).json
        const captured = (yield* post(id, "capture", { amount: 1500 })).json
        yield* sql`UPDATE terminals SET multiple_captures = false`
        yield* sql`UPDATE payments SET expires_at = now() - interval '1 second' WHERE capturable > 0`
        yield* until(sql`SELECT 1 FROM payments WHERE first_status = 'expired'`, ({ length }) => length > 0)
        const capture = captured.transactions.find(({ type }: { type: string }) => type === "capture")
        assert.strictEqual((yield* post(id, "void", { transaction_id: capture.id })).status, 201)
        assert.deepStrictEqual((yield* verifyAll).report.violations, [])
      }),
    60_000
  )

  it.effect("cannot be checked without the books of the gateway that was named", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* verify("--simulator", "http://127.0.0.1:9")
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.match(stderr, /could not be checked: The simulator's books could not be read at http:\/\/127\.0\.0\.1:9/)
    })
  )
})
