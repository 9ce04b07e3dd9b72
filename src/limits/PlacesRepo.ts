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
        lease: ({ places, process, tenant: { environment, merchantId }, usual }) =>
          placesRow(
            plain(
              (
                sql
              ) => sql`SELECT lease_places(${MerchantIds.toUuid(merchantId)}::uuid, ${environment}, ${process}::uuid,
                ${places}::int4, ${usual}::int4) AS places`
            )
          ).pipe(Effect.map(Option.flatMap(({ places }) => Option.fromNullishOr(places)))),
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

const placesRow = rowOf(Schema.Struct({ places: Schema.NullOr(Schema.Int) }))
