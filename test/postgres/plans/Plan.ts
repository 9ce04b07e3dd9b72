import { Data, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { planned } from "../../../src/postgres/Database.ts"
import type { Sent } from "./Recorder.ts"

/** How Postgres ran a statement. */
export interface Plan {
  readonly indexes: ReadonlyArray<string>
  /** Tables that were joined as a whole, and not row by row. */
  readonly joined: ReadonlyArray<string>
  /** Tables that were read from end to end. */
  readonly wholes: ReadonlyArray<string>
  /** Rows of each table that were read, whether or not they were wanted. */
  readonly read: Readonly<Record<string, number>>
  /** Rows that were given to any one sort. */
  readonly sorted: number
}

type Node = { readonly [member: string]: unknown; readonly Plans?: ReadonlyArray<Node> }

const flat = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(flat)]

const decode = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ "QUERY PLAN": Schema.Any })))

/** How sessions of a pool come to their plans. */
const sessions = {
  /** Once, for whatever comes. */
  pipelined: { settings: planned, isSettled: false },
  /** For what comes, and from the sixth time on perhaps for whatever comes. */
  plain: { settings: {}, isSettled: true }
}

/** Rolls back what a statement has changed while it was watched. */
class Undone extends Data.TaggedError("Undone")<{ readonly plan: Plan }> {}

let made = 0

/** How a session of its pool runs the statement at first and, where that may be another way, later. */
export const plansOf = Effect.fnUntraced(function* ({ pool, text, values }: Sent) {
  const sql = yield* SqlClient.SqlClient
  const { isSettled, settings } = sessions[pool]
  const name = `statement_${++made}`
  const listed = (parts: ReadonlyArray<string>) => (parts.length === 0 ? "" : `(${parts.join(", ")})`)
  const execute = `EXECUTE ${name}${listed(values.map(literalOf))}`
  const run = sql.unsafe(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${execute}`).unprepared.pipe(
    Effect.flatMap(decode),
    Effect.flatMap(([row]) => new Undone({ plan: planOf(flat(row?.["QUERY PLAN"][0].Plan)) })),
    sql.withTransaction,
    Effect.catchTag("Undone", ({ plan }) => Effect.succeed(plan))
  )
  return yield* Effect.gen(function* () {
    for (const [setting, value] of Object.entries(settings)) yield* sql`SELECT set_config(${setting}, ${value}, true)`
    yield* sql.unsafe(`PREPARE ${name}${listed(values.map(typeOf))} AS ${text}`).unprepared
    const first = yield* run
    if (!isSettled) return [first]
    yield* Effect.replicateEffect(sql.unsafe(`EXPLAIN ${execute}`).unprepared, 4)
    return [first, yield* run]
  }).pipe(sql.withTransaction)
})

const planOf = (nodes: ReadonlyArray<Node>): Plan => {
  // What a bitmap leads to is counted where it is read.
  const scans = nodes.filter((node) => /(?<!^Bitmap Index )Scan$/.test(typeOfNode(node)))
  const read: Record<string, number> = {}
  for (const node of scans) {
    const table = tableOf(node)
    if (table !== undefined) read[table] = (read[table] ?? 0) + rowsOf(node)
  }
  return {
    joined: nodes
      .filter((node) => /^(?:Hash|Merge) Join$/.test(typeOfNode(node)))
      .flatMap(flat)
      .flatMap((node) => (node["Relation Name"] === undefined ? [] : [String(node["Relation Name"])])),
    indexes: nodes.flatMap((node) => (node["Index Name"] === undefined ? [] : [String(node["Index Name"])])),
    wholes: scans
      .flatMap((node) => (typeOfNode(node) === "Seq Scan" ? [String(node["Relation Name"])] : []))
      .filter((table) => !handfuls.has(table)),
    read,
    sorted: Math.max(0, ...nodes.filter((node) => / ?Sort$/.test(typeOfNode(node))).map(givenTo))
  }
}

/** Tables of so few rows that an index would be slower. */
const handfuls: ReadonlySet<string> = new Set(["kill_switches"])

const typeOfNode = (node: Node) => String(node["Node Type"])

/** Of a scan of an index alone too: indexes are called after their table. */
const tableOf = (node: Node): string | undefined => {
  const name = node["Relation Name"] ?? node["Index Name"]
  return name === undefined ? undefined : tables.find((table) => String(name).startsWith(table))
}

/** What grows with the payments, or with the merchants. */
export const tables = [
  ...["payments", "transactions", "events", "ledger_entries", "duplicate_guards", "audit_events", "decline_levels"],
  ...["merchants", "terminals", "api_keys", "rate_limits", "concurrency_leases"]
] as const

const number = (value: unknown) => Number(value ?? 0)

/** A scan that was never begun has read nothing. */
const rowsOf = (node: Node): number =>
  number(node["Actual Loops"]) *
  (number(node["Actual Rows"]) + number(node["Rows Removed by Filter"]) + number(node["Rows Removed by Index Recheck"]))

const givenTo = ({ Plans: [below] = [] }: Node): number => (below === undefined ? 0 : number(below["Actual Rows"]))

/** As the driver declares it; what it declares no type for, Postgres finds out. */
const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return "text[]"
  if (value instanceof Uint8Array) return "bytea"
  if (value instanceof Date) return "timestamptz"
  if (typeof value === "boolean") return "boolean"
  return typeof value === "number" ? "integer" : "unknown"
}

const literalOf = (value: unknown): string => {
  if (value === null) return "NULL"
  if (Array.isArray(value)) return `'{${value.map((each) => `"${each}"`).join(",")}}'`
  const text =
    value instanceof Uint8Array
      ? `\\x${Buffer.from(value).toString("hex")}`
      : value instanceof Date
        ? value.toISOString()
        : String(value)
  return `'${text.replaceAll("'", "''")}'`
}
