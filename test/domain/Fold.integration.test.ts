import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { PaymentStatus } from "../../src/domain/Payment.ts"
import { statusOf } from "../../src/domain/Totals.ts"
import { TransactionStatus } from "../../src/domain/Transaction.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const Row = Schema.Struct({
  type: Schema.Literals(["sale", "authorization"]),
  first_status: TransactionStatus,
  authorized: Schema.Int,
  captured: Schema.Int,
  refunded: Schema.Int,
  pending_capture: Schema.Int,
  pending_refund: Schema.Int,
  pending_void: Schema.Boolean,
  calls: Schema.Int,
  doubts: Schema.Int,
  multiple_captures: Schema.Boolean,
  is_declined: Schema.Boolean,
  is_to_be_undone: Schema.Boolean,
  status: PaymentStatus,
  capturable: Schema.Int,
  refundable: Schema.Int,
  held: Schema.Int
})
type Row = typeof Row.Type

const rowsOf = Schema.decodeUnknownEffect(Schema.Array(Row))

/** Every combination of what the generated columns read, with amounts up to 2 that the table accepts. */
const everyRow = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const two = (name: string, ...values: readonly [string, string]) =>
    `(VALUES (${values[0]}), (${values[1]})) AS ${name}_ (${name})`
  const amount = (name: string) => `generate_series(0, 2) AS ${name}_ (${name})`
  return yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`CREATE TEMP TABLE every_payment (LIKE payments INCLUDING ALL) ON COMMIT DROP`
      const inserted = yield* sql`INSERT INTO every_payment (id, merchant_id, environment, currency, amount, metadata,
          type, first_status, authorized, captured, refunded, pending_capture, pending_refund, pending_void, calls, doubts,
          multiple_captures, decline, undo)
        SELECT gen_random_uuid(), gen_random_uuid(), 'test', 'USD', 2, '{}', type, first_status, authorized, captured,
          refunded, pending_capture, pending_refund, pending_void, calls, doubts, multiple_captures, decline, undo
        FROM unnest(${TransactionStatus.literals}::text[]) AS first_status,
          ${sql.literal(
            [
              ...["authorized", "captured", "refunded", "pending_capture", "pending_refund"].map(amount),
              two("type", "'sale'", "'authorization'"),
              two("pending_void", "true", "false"),
              two("calls", "0", "1"),
              two("doubts", "0", "2"),
              two("multiple_captures", "true", "false"),
              two("decline", "NULL", `'{"code":"05"}'::jsonb`),
              two("undo", "NULL", "'requested'")
            ].join(", ")
          )}
        WHERE captured + pending_capture <= authorized AND refunded + pending_refund <= captured
        RETURNING type, first_status, authorized, captured, refunded, pending_capture, pending_refund, pending_void, calls,
          doubts, multiple_captures, decline IS NOT NULL AS is_declined, undo IS NOT NULL AS is_to_be_undone, status,
          capturable, refundable, held`
      return yield* rowsOf(inserted)
    })
  )
})

/** What the columns should say, in plain words. */
const expected = (row: Row): Pick<Row, "status" | "capturable" | "refundable" | "held"> => {
  const { authorized, captured, first_status, pending_capture, pending_refund, refunded, type } = row
  const isHolding = type === "authorization" && first_status === "approved"
  const isLeftAlone = !row.pending_void && !row.is_to_be_undone
  const isUsedUp = !row.multiple_captures && captured + pending_capture > 0
  return {
    status: statusOf(
      { ...row, pending_void: Number(row.pending_void) },
      { first: first_status, isDeclined: row.is_declined, isToBeUndone: row.is_to_be_undone }
    ),
    capturable: isHolding && isLeftAlone && !isUsedUp ? authorized - captured - pending_capture : 0,
    refundable: isLeftAlone ? captured - refunded - pending_refund : 0,
    held: isHolding && (row.multiple_captures || captured === 0) ? authorized - captured : 0
  }
}

layer(TestDatabase.layerClient)("the generated columns of payments", (it) => {
  it.effect("say what the domain says, whatever the others hold", () =>
    Effect.gen(function* () {
      const rows = yield* everyRow
      // 11 states, 21 sets of amounts and seven columns of two values.
      assert.lengthOf(rows, 11 * 21 * 2 ** 7)
      const wrong = rows.flatMap((row) => {
        const { capturable, held, refundable, status } = row
        const right = expected(row)
        const isRight =
          status === right.status &&
          capturable === right.capturable &&
          refundable === right.refundable &&
          held === right.held
        return isRight ? [] : [{ row, right }]
      })
      assert.deepStrictEqual(wrong.slice(0, 3), [])
      assert.isTrue(rows.every(({ capturable, held, refundable }) => Math.min(capturable, held, refundable) >= 0))
    })
  )
})
