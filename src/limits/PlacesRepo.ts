import { Context, Effect, Layer, Option, Schema } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { MerchantIds } from "../domain/Ids.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { Database } from "../postgres/Database.ts"
import { rowOf } from "../postgres/Row.ts"

/** What a process asks for. */
export interface Wanted {
  /** UUID. */
  readonly process: string
  readonly tenant: Tenant
  /** All that it wants to have, those included that it has. */
  readonly places: number
  /** Where the merchant has no limit of its own. */
  readonly usual: number
}

/** How many requests of a merchant each process may have under way. */
export class PlacesRepo extends Context.Service<
  PlacesRepo,
  {
    /** As many as are left by all others; from now on for fifteen seconds. None: there is no such merchant. */
    lease(wanted: Wanted): Effect.Effect<Option.Option<number>, DatabaseUnavailable>
    release(process: string, tenant: Tenant): Effect.Effect<void, DatabaseUnavailable>
  }
>()("payment-service/limits/PlacesRepo") {
  static readonly layer = Layer.effect(
    PlacesRepo,
    Effect.map(Database, ({ plain }) =>
      PlacesRepo.of({
        // Locked in a statement of its own: the next one sees what those before it have taken.
        lease: ({ places, process, tenant: { environment, merchantId }, usual }) => {
          const id = MerchantIds.toUuid(merchantId)
          return placesRow(
            plain((sql) =>
              sql.withTransaction(
                Effect.andThen(
                  sql`SELECT pg_advisory_xact_lock(hashtextextended(${`${id} ${environment}`}, ${lockSpace}))`,
                  sql`
                    INSERT INTO concurrency_leases AS own (merchant_id, environment, process, places, expires_at)
                    SELECT m.id, ${environment}, ${process}::uuid,
                      greatest(0, least(${places}::int4, coalesce(m.writes_at_once, ${usual}::int4) - others.places)),
                      now() + interval '15 seconds'
                    FROM merchants m CROSS JOIN (
                      SELECT coalesce(sum(l.places), 0)::int4 AS places FROM concurrency_leases l
                      WHERE l.merchant_id = ${id}::uuid AND l.environment = ${environment}
                        AND l.process <> ${process}::uuid AND l.expires_at > now()
                    ) AS others
                    WHERE m.id = ${id}::uuid
                    ON CONFLICT (merchant_id, environment, process) DO UPDATE SET places = excluded.places,
                      expires_at = excluded.expires_at
                    RETURNING own.places`
                )
              )
            )
          ).pipe(Effect.map(Option.map((row) => row.places)))
        },
        release: (process, { environment, merchantId }) =>
          Effect.asVoid(
            plain(
              (sql) => sql`DELETE FROM concurrency_leases WHERE merchant_id = ${MerchantIds.toUuid(merchantId)}::uuid
                AND environment = ${environment} AND process = ${process}::uuid`
            )
          ).pipe(Effect.catchTag("SqlError", Effect.die))
      })
    )
  )
}

/** Apart from whatever else is locked by a number. */
const lockSpace = 4_711

const placesRow = rowOf(Schema.Struct({ places: Schema.Int }))
