import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { grouped } from "../../src/postgres/Grouped.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

interface Row {
  readonly text: string | null
  readonly number: number
  readonly bytes: Uint8Array | null
  readonly json: string
  readonly is: boolean
}

const echo = grouped<Row>(
  (sql, param) => sql`echoed AS (
    SELECT ${param(({ number }) => number)}::int4 AS number, ${param(({ text }) => text)}::text AS text,
      ${param(({ bytes }) => bytes)}::bytea AS bytes, ${param(({ json }) => json)}::jsonb AS json,
      ${param(({ is }) => is)}::boolean AS is
    FROM asked
  ) SELECT * FROM echoed ORDER BY number`
)

/** What would end an element or an array that is not spelled with care. */
const Text = Schema.String.check(Schema.isPattern(/^[\p{L}\p{Nd} "'\\{},;:\n\t\r$&-]*$/u))

layer(TestDatabase.layerClient)("a statement for several inputs", (it) => {
  it.effect.prop(
    "sees each as it is, and none in another's place",
    [
      Schema.Array(
        Schema.Struct({
          text: Schema.NullOr(Text),
          bytes: Schema.NullOr(Schema.Uint8Array),
          value: Schema.Union([Text, Schema.Record(Text, Text)]),
          is: Schema.Boolean
        })
      ).check(Schema.isMaxLength(40))
    ],
    ([all]) =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const rows = yield* echo(
          sql,
          all.map(({ value, ...rest }, number) => ({ ...rest, number, json: JSON.stringify(value) }))
        )
        assert.deepStrictEqual(
          rows.map(({ bytes, ...rest }) => ({ ...rest, bytes: bytes === null ? null : Buffer.from(Object(bytes)) })),
          all.map(({ bytes, value, ...rest }, number) => ({
            ...rest,
            number,
            json: value,
            bytes: bytes === null ? null : Buffer.from(bytes)
          }))
        )
      })
  )

  it.effect("tells nothing from the word for it", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const texts = ["NULL", null, "null", "", "\\", '"', "\\x00", "{}", "{NULL}", "a,b"]
      const inputs = texts.map((text, number) => ({ text, number, bytes: null, json: "null", is: true }))
      assert.deepStrictEqual(
        (yield* echo(sql, inputs)).map(({ text }) => text),
        texts
      )
    })
  )

  it.effect("has one text, whatever comes, and takes no value that is not of an input", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const input = { text: null, number: 1, bytes: null, json: "1", is: false }
      const textOf = (inputs: ReadonlyArray<Row>) => echo(sql, inputs).compile()[0]
      assert.strictEqual(textOf([input]), textOf([input, { ...input, text: "x", bytes: new Uint8Array(2) }]))
      const wrong = grouped<object>((sql) => sql`a AS (SELECT ${7}::int4 AS seven) SELECT * FROM a`)
      assert.throws(() => wrong(sql, [{}]), "A value of one run in a statement for all of them")
    })
  )
})
