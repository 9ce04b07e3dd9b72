import { Context, Effect, Layer, type Option, Schema } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Database } from "../postgres/Database.ts"
import { rowOf } from "../postgres/Row.ts"

const Place = Schema.Struct({ merchant: Schema.String, environment: Schema.String, part: Schema.String })

/** The key of a row: its merchant and, of what belongs to that, which one. */
export type Place = typeof Place.Type

const none = "00000000-0000-0000-0000-000000000000"

/** Before the first row of each table. */
export const start: Place = { merchant: none, environment: "", part: none }

/** Which rows say no more than none would. */
const tables = {
  // A second after its last lease each is full, as one begins. A day, so that those in use are not made all the time.
  rate_limits: { key: "kind", type: "text", isOver: "refilled_at < now() - interval '1 day'" },
  // Nobody counts them from then on. Processes that end take theirs with them, unless they are killed.
  concurrency_leases: { key: "process", type: "uuid", isOver: "expires_at < now() - interval '1 minute'" }
}
export type LeftoverTable = keyof typeof tables
export const leftoverTables: ReadonlyArray<LeftoverTable> = ["rate_limits", "concurrency_leases"]

/** Rows of limits that nobody uses any more. */
export class LeftoversRepo extends Context.Service<
  LeftoversRepo,
  {
    /** Looks at so many rows behind the place, removes those, and says where it came to. None: to the end. */
    removeBehind(
      table: LeftoverTable,
      place: Place,
      rows: number
    ): Effect.Effect<Option.Option<Place>, DatabaseUnavailable>
  }
>()("payment-service/limits/LeftoversRepo") {
  static readonly layer = Layer.effect(
    LeftoversRepo,
    Effect.map(Database, ({ background }) =>
      LeftoversRepo.of({
        // In the order of their keys: an index by time would have to be written with each lease.
        removeBehind: (name, { environment, merchant, part }, rows) => {
          const { isOver, key, type } = tables[name]
          return placeRow(
            background((sql) => {
              const [table, column, cast] = [sql.literal(name), sql.literal(key), sql.literal(type)]
              return sql`
                WITH page AS MATERIALIZED (
                  SELECT ctid AS spot, merchant_id, environment, ${column} AS part FROM ${table}
                  WHERE (merchant_id, environment, ${column}) > (${merchant}::uuid, ${environment}, ${part}::${cast})
                  ORDER BY merchant_id, environment, ${column} LIMIT ${rows}
                ), gone AS (
                  DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM ${table} WHERE ctid = ANY (ARRAY(SELECT spot FROM page)) AND ${sql.literal(isOver)}
                    FOR UPDATE SKIP LOCKED
                  ))
                )
                SELECT merchant_id::text AS merchant, environment, part::text AS part FROM page
                ORDER BY page.merchant_id DESC, page.environment DESC, page.part DESC LIMIT 1`
            })
          )
        }
      })
    )
  )
}

const placeRow = rowOf(Place)
