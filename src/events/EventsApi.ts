import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { InvalidCursor } from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Event, EventType } from "../domain/Event.ts"
import { EventIds, PaymentIds } from "../domain/Ids.ts"
import { Authentication, PaymentsRead } from "../http/Authentication.ts"
import { operation } from "../http/Operation.ts"
import { cursor, cursorParameters, limit } from "../http/Page.ts"
import { problem } from "../http/Problem.ts"

const EventList = Schema.Struct({
  data: Schema.Array(Event),
  has_more: Schema.Boolean,
  next_cursor: Schema.NullOr(Schema.String)
}).annotate({ identifier: "EventList", description: "The newest event first. `next_cursor` leads to the next page." })

const eventExample = {
  id: "evt_01m82000000000000000000006",
  object: "event",
  type: "payment.captured",
  payment_id: "pay_01m82000000000000000000001",
  transaction_id: "txn_01m82000000000000000000002",
  created_at: "2026-11-22T16:30:00.000Z",
  data: { status: "captured", amount: 1999, currency: "USD" }
} as const

export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("list", "/v1/events", {
      query: {
        limit,
        type: Schema.optionalKey(EventType),
        payment_id: Schema.optionalKey(PaymentIds.Id),
        starting_after: Schema.optionalKey(EventIds.Id),
        cursor
      },
      success: EventList,
      error: [problem(InvalidCursor), problem(DatabaseUnavailable)]
    })
      .middleware(PaymentsRead)
      .annotateMerge(
        operation({
          summary: "List events, the newest first",
          description: "Each change of a payment is written with it in one commit. Needs the scope `payments:read`.",
          toleratesLag: true,
          parameters: {
            ...cursorParameters,
            type: { description: "Only events of this type.", example: eventExample.type },
            payment_id: { description: "Only events of this payment." }
          },
          answers: { 200: { data: [eventExample], has_more: false, next_cursor: null } }
        })
      )
  )
  .middleware(Authentication)
  .annotateMerge(OpenApi.annotations({ title: "Events", description: "What changed, and when." })) {}
