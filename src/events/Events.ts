import { Context, Effect, Layer } from "effect"
import type { InvalidCursor } from "../domain/ChargeErrors.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { Event } from "../domain/Event.ts"
import { type EventId, EventIds, type PaymentId } from "../domain/Ids.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { type CursorPage, makeCursors, type PageQuery } from "../postgres/Cursors.ts"
import { EventsRepo } from "./EventsRepo.ts"

/** Which events, the newest first. */
export interface EventQuery extends PageQuery<EventId> {
  readonly type?: string | undefined
  readonly payment_id?: PaymentId | undefined
}

/** What changed, in the order in which it changed. */
export class Events extends Context.Service<
  Events,
  {
    list(tenant: Tenant, query: EventQuery): Effect.Effect<CursorPage<Event>, InvalidCursor | DatabaseUnavailable>
  }
>()("payment-service/events/Events") {
  static readonly layer = Layer.effect(
    Events,
    Effect.gen(function* () {
      const repo = yield* EventsRepo
      const cursors = makeCursors(yield* ColumnCipher, "evt_", EventIds.Id)
      return Events.of({
        list: Effect.fn("Events.list")(function* (tenant: Tenant, query: EventQuery) {
          const { limit, payment_id: paymentId = null, type = null } = query
          const before = yield* cursors.startOf(tenant, query)
          const found = yield* repo.list(tenant, { before, type, paymentId, limit: limit + 1 })
          return cursors.pageOf(tenant, limit, found)
        })
      })
    })
  )
}
