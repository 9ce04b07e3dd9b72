import type { PgClient } from "@effect/sql-pg"
import type { SqlConnection, Statement } from "effect/sql"

/** Stands in a statement for a value that each run brings with it. */
export interface Param<Input> {
  (get: (input: Input) => string | number | boolean | Uint8Array | null): unknown
}

class Slot<Input> {
  readonly get: (input: Input) => unknown

  constructor(get: (input: Input) => unknown) {
    this.get = get
  }
}

/** The driver looks the whole text up each time. No literal or comment of ours depends on line breaks or blanks. */
export const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/**
 * A statement whose text is made once: to put it together anew takes longer than many a statement runs. What differs
 * from run to run must be a `param`; any other value would be that of the first run for ever, and is a defect.
 */
export const prepared = <Input>(
  build: (sql: PgClient.PgClient, param: Param<Input>) => Statement.Statement<SqlConnection.Row>
): ((sql: PgClient.PgClient, input: Input) => Statement.Statement<SqlConnection.Row>) => {
  const made = new WeakMap<PgClient.PgClient, readonly [text: string, slots: ReadonlyArray<Slot<Input>>]>()
  const make = (sql: PgClient.PgClient) => {
    const [lines, values] = build(sql, (get) => new Slot(get)).compile()
    const text = oneLine(lines)
    const slots = values.map((value): Slot<Input> => {
      if (value instanceof Slot) return value
      throw new Error(`A value of one run in a statement for all of them: ${text}`)
    })
    const found = [text, slots] as const
    made.set(sql, found)
    return found
  }
  return (sql, input) => {
    const [text, slots] = made.get(sql) ?? make(sql)
    return sql.unsafe(
      text,
      slots.map((slot) => slot.get(input))
    )
  }
}
