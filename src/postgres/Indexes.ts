import { Context, Effect, Layer, Schema } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Database } from "./Database.ts"
import { rowsOf } from "./Row.ts"

/** An index of ours, and what Postgres has counted of it since its statistics were last reset. */
export const Index = Schema.Struct({
  table: Schema.String,
  index: Schema.String,
  size_bytes: Schema.Finite,
  table_size_bytes: Schema.Finite,
  scans: Schema.Finite,
  rows_read: Schema.Finite,
  /** Of its blocks that were wanted, the share that was in memory already; null: none was wanted. */
  hit_ratio: Schema.NullOr(Schema.Finite),
  /** One that no scan uses may be needed all the same: it keeps rows apart. */
  is_unique: Schema.Boolean,
  /** False: its build was cut short. */
  is_valid: Schema.Boolean
})
export type Index = typeof Index.Type

export class Indexes extends Context.Service<
  Indexes,
  {
    /** The largest first. */
    readonly list: Effect.Effect<ReadonlyArray<Index>, DatabaseUnavailable>
  }
>()("payment-service/postgres/Indexes") {
  static readonly layer = Layer.effect(
    Indexes,
    Effect.gen(function* () {
      const { plain } = yield* Database
      const list = indexRows(
        plain(
          (sql) => sql`
            SELECT s.relname AS table, s.indexrelname AS index, pg_relation_size(s.indexrelid)::float8 AS size_bytes,
              pg_table_size(s.relid)::float8 AS table_size_bytes, s.idx_scan::float8 AS scans,
              s.idx_tup_read::float8 AS rows_read,
              io.idx_blks_hit::float8 / nullif(io.idx_blks_hit + io.idx_blks_read, 0) AS hit_ratio,
              i.indisunique AS is_unique, i.indisvalid AS is_valid
            FROM pg_stat_user_indexes s JOIN pg_statio_user_indexes io USING (indexrelid)
            JOIN pg_index i USING (indexrelid)
            ORDER BY size_bytes DESC, s.indexrelname`
        )
      )
      return Indexes.of({ list: Effect.withSpan(list, "Indexes.list") })
    })
  )
}

const indexRows = rowsOf(Index)
