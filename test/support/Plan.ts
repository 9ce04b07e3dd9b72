import { Effect, Schema } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { planned } from "../../src/postgres/Database.ts"

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

const explained = Effect.fnUntraced(function* (explain: Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError>) {
  const [row] = yield* decode(yield* explain)
  const nodes = flat(row?.["QUERY PLAN"][0].Plan)
  const plan: Plan = {
    nodes: nodes.map((node) => String(node["Node Type"])),
    indexes: nodes.flatMap((node) => (node["Index Name"] === undefined ? [] : [String(node["Index Name"])])),
    wholes: nodes.flatMap((node) => (node["Node Type"] === "Seq Scan" ? [String(node["Relation Name"])] : []))
  }
  return plan
})

/** The tables that a statement reads must be filled and analysed before, or any plan is a good one. */
export const planOf = (statement: Statement.Fragment) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => explained(sql`EXPLAIN (FORMAT JSON) ${statement}`))

/** As the pipelined pool plans it: for whatever values come. */
export const genericPlanOf = (statement: Statement.Fragment) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      Effect.andThen(
        Effect.forEach(Object.entries(planned), ([name, value]) => sql`SELECT set_config(${name}, ${value}, true)`),
        Effect.suspend(() => {
          const [text, values] = sql`${statement}`.compile()
          return explained(sql.unsafe(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`, values))
        })
      )
    )
  )
