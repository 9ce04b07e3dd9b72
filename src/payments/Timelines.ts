import { Context, Effect, Layer, Option, Schema } from "effect"
import { PaymentNotFound } from "../domain/ChargeErrors.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { PaymentIds } from "../domain/Ids.ts"
import type { Tenant } from "../domain/Tenant.ts"
import type { Timeline } from "../domain/Timeline.ts"
import { TimelineRepo } from "./TimelineRepo.ts"

/** What happened to a payment, call by call. */
export class Timelines extends Context.Service<
  Timelines,
  { get(tenant: Tenant, id: string): Effect.Effect<Timeline, PaymentNotFound | DatabaseUnavailable> }
>()("payment-service/payments/Timelines") {
  static readonly layer = Layer.effect(
    Timelines,
    Effect.gen(function* () {
      const repo = yield* TimelineRepo
      return Timelines.of({
        get: Effect.fn("Timelines.get")(function* (tenant: Tenant, id: string) {
          const known = Schema.decodeOption(PaymentIds.Id)(id)
          const found = Option.isSome(known) ? yield* repo.find(tenant, known.value) : Option.none()
          return Option.isSome(found) ? found.value : yield* new PaymentNotFound()
        })
      })
    })
  )
}
