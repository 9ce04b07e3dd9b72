import { Schema } from "effect"
import { type Finding, ok, warning } from "./Finding.ts"

/** How large a table is that may be partitioned; one that is has nothing of its own. */
export const SizeFacts = Schema.Struct({ name: Schema.String, bytes: Schema.Finite })

export const sizesStatement = `SELECT name, pg_total_relation_size(to_regclass(name))::float8 AS bytes
  FROM (VALUES ('events'), ('audit_events'), ('ledger_entries')) AS growing (name)
  WHERE to_regclass(name) IS NOT NULL ORDER BY bytes DESC`

const GB = 1e9
const limit = 100 * GB

const shown = ({ bytes, name }: typeof SizeFacts.Type) => `${name} has ${(bytes / GB).toFixed(1)} GB`

/** The largest first. */
export const judgeSizes = (tables: ReadonlyArray<typeof SizeFacts.Type>): ReadonlyArray<Finding> => {
  const [largest] = tables
  if (largest === undefined) return []
  const large = tables.filter(({ bytes }) => bytes > limit)
  return large.length === 0
    ? [ok("sizes", `${shown(largest)}, and nothing has grown so much that it should be partitioned.`)]
    : large.map((table) => warning("sizes", `${shown(table)}.`, "Partition it: docs/retention.md says how."))
}
