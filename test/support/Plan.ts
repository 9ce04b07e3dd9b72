import { Effect, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"

/** How Postgres would run a statement, node by node. */
export interface Plan {
  readonly nodes: ReadonlyArray<string>
  readonly indexes: ReadonlyArray<string>
  /** Tables of which every row is read. */
  readonly wholes: ReadonlyArray<string>
}

const Explained = Schema.Array(Schema.Struct({ "QUERY PLAN": Schema.Any }))
const decode = Schema.decodeUnknownEffect(Explained)

type Node = { readonly [member: string]: unknown; readonly Plans?: ReadonlyArray<Node> }

const flat = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(flat)]

/** The tables that a statement reads must be filled and analysed before, or any plan is a good one. */
export const planOf = Effect.fnUntraced(function* (statement: Statement.Fragment) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* decode(yield* sql`EXPLAIN (FORMAT JSON) ${statement}`)
  const nodes = flat(row?.["QUERY PLAN"][0].Plan)
  const plan: Plan = {
    nodes: nodes.map((node) => String(node["Node Type"])),
    indexes: nodes.flatMap((node) => (node["Index Name"] === undefined ? [] : [String(node["Index Name"])])),
    wholes: nodes.flatMap((node) => (node["Node Type"] === "Seq Scan" ? [String(node["Relation Name"])] : []))
  }
  return plan
})
