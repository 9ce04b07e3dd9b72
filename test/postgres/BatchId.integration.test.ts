import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Reactivity } from "effect/reactivity"
import { ApiKeyIds, MerchantIds, PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { Amount } from "../../src/domain/Money.ts"
import { claimStatement } from "../../src/transactions/charges/ChargeStatements.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

interface Terminal {
  readonly zone: string
  /** `HH:MM` */
  readonly cutoff: string
}

/** What the statement that claims a charge makes BATCH_ID at an instant: for it alone, `now()` is ours. */
class Claims extends Context.Service<
  Claims,
  { batchIdAt(terminal: Terminal, instant: string | DateTime.Utc): Effect.Effect<string> }
>()("payment-service/test/Claims") {
  static readonly layer = Layer.effect(
    Claims,
    Effect.gen(function* () {
      const setUp = yield* PgClient.PgClient
      yield* setUp`CREATE SCHEMA fixed`
      yield* setUp`CREATE FUNCTION fixed.now() RETURNS timestamptz STABLE LANGUAGE sql
        AS $$ SELECT current_setting('fixed.now')::timestamptz $$`
      const [merchantId, keyId] = [randomUUID(), randomUUID()]
      yield* setUp`INSERT INTO merchants (id, name) VALUES (${merchantId}, 'Shop')`
      yield* setUp`INSERT INTO api_keys (id, merchant_id, environment, name, hash, hint, scopes)
        VALUES (${keyId}, ${merchantId}, 'test', 'Key', sha256('key'), 'hint', '{}')`
      yield* setUp`INSERT INTO terminals VALUES (${randomUUID()}, ${merchantId}, 'test', '7000', '700010', '1', '1',
        'Etc/UTC', '00:00')`

      const connection = yield* TestDatabase
      const sql = yield* PgClient.makeClient({
        ...connection,
        startupParameters: { search_path: "fixed, pg_catalog, public", timezone: "Asia/Tokyo" }
      })
      const charge = (idempotencyKey: string) => ({
        merchantId: MerchantIds.fromUuid(merchantId),
        environment: "test" as const,
        keyId: ApiKeyIds.fromUuid(keyId),
        type: "sale" as const,
        amount: Amount.make(100),
        currency: "USD" as const,
        bric: Redacted.make("BRIC"),
        billing: {},
        customerId: null,
        orderRef: null,
        metadata: {},
        idempotencyKey,
        allowDuplicate: false,
        fingerprint: new Uint8Array(32)
      })
      const batchIdAt = Effect.fnUntraced(function* ({ cutoff, zone }: Terminal, instant: string | DateTime.Utc) {
        const now = typeof instant === "string" ? instant : DateTime.formatIso(instant)
        yield* sql`UPDATE terminals SET settlement_zone = ${zone}, settlement_cutoff = ${cutoff}::time`
        yield* sql`SELECT set_config('fixed.now', ${now}, false)`
        const claim = {
          paymentId: PaymentIds.fromUuid(randomUUID()),
          transactionId: TransactionIds.fromUuid(randomUUID()),
          source: new Uint8Array(32),
          duplicate: null,
          traceId: null
        }
        const rows = yield* claimStatement(sql, [{ charge: charge(randomUUID()), claim }])
        return String(rows[0]?.batch_id)
      }, Effect.orDie)
      return Claims.of({ batchIdAt })
    })
  ).pipe(Layer.provide(Reactivity.layer), Layer.provideMerge(TestDatabase.layerClient))
}

const two = (n: number) => String(n).padStart(2, "0")

/** The first date whose cut-off is still to come, found by time zone rules other than those of Postgres. */
const expected = ({ cutoff, zone }: Terminal, instant: DateTime.Utc): string => {
  const [hour = 0, minute = 0] = cutoff.split(":").map(Number)
  const timeZone = Option.getOrThrow(DateTime.zoneMakeNamed(zone))
  const { day, month, year } = DateTime.toPartsUtc(instant)
  for (let offset = -2; ; offset++) {
    const date = DateTime.toPartsUtc(DateTime.makeUnsafe({ year, month, day: day + offset }))
    const closes = DateTime.makeZonedUnsafe(
      { year: date.year, month: date.month, day: date.day, hour, minute },
      { timeZone, adjustForTimeZone: true, disambiguation: "later" }
    )
    if (DateTime.isLessThan(instant, closes)) return `${date.year}${two(date.month)}${two(date.day)}`
  }
}

const zones = Schema.Literals([
  "Etc/UTC",
  "America/New_York",
  "America/Los_Angeles",
  "America/Phoenix",
  "America/St_Johns",
  "America/Santiago",
  "Pacific/Honolulu",
  "Pacific/Auckland",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "Europe/Dublin"
])
const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const minutesFrom2025To2028 = between(Date.UTC(2025, 0, 1) / 60_000, Date.UTC(2028, 0, 1) / 60_000)

layer(Claims.layer, { excludeTestServices: true })("BATCH_ID", (it) => {
  it.effect.each([
    // Winter, summer, and zones ahead of UTC and behind it.
    ["America/New_York", "23:00", "2026-01-16T04:00:00Z", "20260115"],
    ["America/New_York", "23:00", "2026-07-16T03:00:00Z", "20260715"],
    ["America/New_York", "17:00", "2026-01-15T22:00:00Z", "20260115"],
    ["Pacific/Auckland", "23:00", "2026-01-15T10:00:00Z", "20260115"],
    ["Pacific/Kiritimati", "00:30", "2026-01-14T10:30:00Z", "20260115"],
    ["Pacific/Honolulu", "23:59", "2026-01-16T09:59:00Z", "20260115"],
    ["Asia/Kolkata", "18:30", "2026-01-15T13:00:00Z", "20260115"],
    // The last minute of a day, and the first: then the batch has the date of the day that begins.
    ["America/New_York", "23:59", "2026-01-16T04:59:00Z", "20260115"],
    ["America/New_York", "00:00", "2026-01-15T05:00:00Z", "20260115"],
    // The days on which New York sets its clocks; a cut-off that is skipped comes an hour later.
    ["America/New_York", "23:00", "2026-03-09T03:00:00Z", "20260308"],
    ["America/New_York", "01:59", "2026-03-08T06:59:00Z", "20260308"],
    ["America/New_York", "02:30", "2026-03-08T07:30:00Z", "20260308"],
    ["America/New_York", "03:00", "2026-03-08T07:00:00Z", "20260308"],
    ["America/New_York", "23:00", "2026-11-02T04:00:00Z", "20261101"],
    ["America/New_York", "00:30", "2026-11-01T04:30:00Z", "20261101"],
    // One that comes twice counts the second time, so that no batch is opened again.
    ["America/New_York", "01:30", "2026-11-01T06:30:00Z", "20261101"],
    ["America/New_York", "02:00", "2026-11-01T07:00:00Z", "20261101"],
    // The end of a month and of a year, and a leap day.
    ["America/New_York", "23:00", "2027-01-01T04:00:00Z", "20261231"],
    ["Etc/UTC", "12:00", "2028-02-28T12:00:00Z", "20280228"]
  ] as const)("in %s at %s turns at %s, when %s ends", ([zone, cutoff, at, ends]) =>
    Effect.gen(function* () {
      const { batchIdAt } = yield* Claims
      const closes = DateTime.makeUnsafe(at)
      const ending = DateTime.makeUnsafe(`${ends.slice(0, 4)}-${ends.slice(4, 6)}-${ends.slice(6)}`)
      const next = DateTime.formatIsoDateUtc(DateTime.add(ending, { days: 1 })).replaceAll("-", "")
      const before = yield* batchIdAt({ zone, cutoff }, DateTime.subtract(closes, { milliseconds: 1 }))
      assert.deepStrictEqual([before, yield* batchIdAt({ zone, cutoff }, closes)], [ends, next])
    })
  )

  it.effect.prop(
    "is the first date whose cut-off is still to come",
    { zone: zones, cutoff: between(0, 24 * 60 - 1), minute: minutesFrom2025To2028 },
    ({ cutoff, minute, zone }) =>
      Effect.gen(function* () {
        const { batchIdAt } = yield* Claims
        const terminal = { zone, cutoff: `${two(Math.floor(cutoff / 60))}:${two(cutoff % 60)}` }
        const instant = DateTime.makeUnsafe(minute * 60_000)
        assert.strictEqual(yield* batchIdAt(terminal, instant), expected(terminal, instant))
      })
  )

  it.effect.each([
    ["America/New_York", "2026-03-08T04:00:00Z"],
    ["America/New_York", "2026-11-01T03:00:00Z"],
    ["Australia/Lord_Howe", "2026-04-04T12:00:00Z"],
    ["America/Santiago", "2026-04-05T01:00:00Z"]
  ] as const)("never goes back in %s from %s on, when clocks are set", ([zone, from]) =>
    Effect.gen(function* () {
      const { batchIdAt } = yield* Claims
      for (const cutoff of ["00:00", "00:30", "01:30", "02:00", "02:30", "23:30", "23:59"]) {
        let last = ""
        for (let half = 0; half < 12; half++) {
          const instant = DateTime.add(DateTime.makeUnsafe(from), { minutes: half * 30 + 15 })
          const batchId = yield* batchIdAt({ zone, cutoff }, instant)
          assert.isAtLeast(Number(batchId), Number(last), `${cutoff} at ${DateTime.formatIso(instant)}`)
          assert.strictEqual(batchId, expected({ zone, cutoff }, instant))
          last = batchId
        }
      }
    })
  )

  it.effect("can be made in every zone of this Node", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const known = new Set((yield* sql`SELECT name FROM pg_timezone_names`).map(({ name }) => name))
      assert.deepStrictEqual(
        Intl.supportedValuesOf("timeZone").filter((zone) => !known.has(zone)),
        []
      )
    })
  )
})
