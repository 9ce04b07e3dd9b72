import type { PgClient } from "@effect/sql-pg"
import type { SqlConnection, Statement } from "effect/sql"
import { oneLine, type Param } from "./Prepared.ts"

type Value = string | number | boolean | Uint8Array | null

/**
 * A statement for several inputs at once, whose text is made once. `param` stands for a column of the relation `asked`,
 * which has a row for each input. The column is text and must be cast, and `asked` be among what is selected from.
 */
export const grouped = <Input>(
  build: (sql: PgClient.PgClient, param: Param<Input>) => Statement.Statement<SqlConnection.Row>
): ((sql: PgClient.PgClient, inputs: ReadonlyArray<Input>) => Statement.Statement<SqlConnection.Row>) => {
  const made = new WeakMap<
    PgClient.PgClient,
    readonly [text: string, columns: ReadonlyArray<(input: Input) => Value>]
  >()
  const make = (sql: PgClient.PgClient) => {
    const columns: Array<(input: Input) => Value> = []
    const [rest, values] = build(sql, (get) => sql.literal(`asked.c${columns.push(get)}`)).compile()
    if (values.length > 0) throw new Error(`A value of one run in a statement for all of them: ${rest}`)
    const names = columns.map((_, index) => `c${index + 1}`)
    const arrays = columns.map((_, index) => `$${index + 1}::text[]`)
    const asked = `SELECT * FROM unnest(${arrays.join(", ")}) AS asked (${names.join(", ")})`
    const found = [`WITH asked AS MATERIALIZED (${asked}), ${oneLine(rest)}`, columns] as const
    made.set(sql, found)
    return found
  }
  return (sql, inputs) => {
    const [text, columns] = made.get(sql) ?? make(sql)
    return sql.unsafe(
      text,
      columns.map((get) => arrayOf(inputs.map(get)))
    )
  }
}

/** An array as Postgres reads it: the driver cannot tell the type of one that holds nothing but nulls. */
const arrayOf = (values: ReadonlyArray<Value>): string => `{${values.map(elementOf).join(",")}}`

const elementOf = (value: Value): string => {
  if (value === null) return "NULL"
  const text = value instanceof Uint8Array ? `\\x${Buffer.from(value).toString("hex")}` : String(value)
  return `"${text.replace(/["\\]/g, "\\$&")}"`
}
