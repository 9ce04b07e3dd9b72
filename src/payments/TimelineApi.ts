import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { PaymentNotFound } from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Timeline } from "../domain/Timeline.ts"
import { Authentication, PaymentsRead } from "../http/Authentication.ts"
import { operation } from "../http/Operation.ts"
import { problem } from "../http/Problem.ts"
import { timelineExample } from "./TimelineExample.ts"

export class TimelineApi extends HttpApiGroup.make("timeline")
  .add(
    HttpApiEndpoint.get("get", "/v1/payments/:id/timeline", {
      params: { id: Schema.String },
      success: Timeline,
      error: [problem(PaymentNotFound), problem(DatabaseUnavailable)]
    })
      .middleware(PaymentsRead)
      .annotateMerge(
        operation({
          summary: "Read what happened to a payment",
          description:
            "Every call to the card network with its attempts to find out, the entries in the books, the events and " +
            "the traces. Needs the scope `payments:read`.",
          parameters: { id: { description: "The id of the payment.", example: timelineExample.payment_id } },
          answers: { 200: timelineExample }
        })
      )
  )
  .middleware(Authentication)
  .annotateMerge(
    OpenApi.annotations({ title: "Timeline", description: "What happened to a payment, call by call." })
  ) {}
