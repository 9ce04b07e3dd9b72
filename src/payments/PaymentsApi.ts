import { Effect, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { InvalidApiKey, MerchantSuspended, ScopeMissing } from "../domain/AccessErrors.ts"
import {
  GatewayUnavailable,
  IdempotencyKeyReused,
  InvalidCursor,
  PaymentNotFound,
  TerminalMissing
} from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { PaymentIds } from "../domain/Ids.ts"
import { DecidedStatus, Payment, PaymentStatus, UndecidedStatus } from "../domain/Payment.ts"
import { Authentication, PaymentsRead, PaymentsWrite } from "../http/Authentication.ts"
import { IdempotencyKey } from "../http/IdempotencyKey.ts"
import { operation, pageParameters } from "../http/Operation.ts"
import { problem } from "../http/Problem.ts"
import { NewPayment } from "./NewPayment.ts"
import { paymentExample, undecidedExample } from "./PaymentExample.ts"

// The two answers of a charge must not overlap: the first schema that fits the payment gives the HTTP status.
const replayed = { "idempotent-replayed": Schema.optionalKey(Schema.Literal("true")) }

const Decided = HttpApiSchema.WithHeaders(
  Payment.mapFields((fields) => ({ ...fields, status: DecidedStatus }))
    .annotate({ identifier: "DecidedPayment", description: "The payment; a decline is an answer too." })
    .pipe(HttpApiSchema.status(201)),
  replayed
)
const Undecided = HttpApiSchema.WithHeaders(
  Payment.mapFields((fields) => ({ ...fields, status: UndecidedStatus }))
    .annotate({
      identifier: "UndecidedPayment",
      description: "EPX has not said what became of it. The payment will be decided: read it again."
    })
    .pipe(HttpApiSchema.status(202)),
  replayed
)

const PaymentList = Schema.Struct({
  data: Schema.Array(Payment),
  has_more: Schema.Boolean,
  next_cursor: Schema.NullOr(Schema.String)
}).annotate({
  identifier: "PaymentList",
  description: "The newest payment first. `next_cursor` leads to the next page."
})

const Limit = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))

export class PaymentsApi extends HttpApiGroup.make("payments")
  .add(
    HttpApiEndpoint.post("create", "/v1/payments", {
      headers: { "idempotency-key": IdempotencyKey },
      payload: NewPayment,
      success: [Decided, Undecided],
      error: [
        problem(IdempotencyKeyReused),
        problem(GatewayUnavailable),
        problem(DatabaseUnavailable),
        problem(MerchantSuspended),
        problem(InvalidApiKey),
        problem(ScopeMissing),
        problem(TerminalMissing)
      ]
    })
      .middleware(PaymentsWrite)
      .annotateMerge(
        operation({
          summary: "Charge a card, or hold an amount on it",
          description:
            "Charges at most once for each `Idempotency-Key`: where the answer was lost, send the same request again " +
            "with the same key. An error means that nothing was charged. Needs the scopes `payments:write` and " +
            "`payments:bric`.",
          parameters: {
            "idempotency-key": {
              description:
                "1 to 255 visible ASCII characters, new for each new payment. A repeat is answered with the payment " +
                "as it is now and `Idempotent-Replayed: true`.",
              example: "order-1001"
            }
          },
          request: { amount: 1999, currency: "USD", source: { bric: "09LTESTVISA00000001" }, order_ref: "1001" },
          answers: {
            201: paymentExample,
            202: undecidedExample
          }
        })
      ),
    HttpApiEndpoint.get("get", "/v1/payments/:id", {
      params: { id: Schema.String },
      success: Payment,
      error: [problem(PaymentNotFound), problem(DatabaseUnavailable)]
    })
      .middleware(PaymentsRead)
      .annotateMerge(
        operation({
          summary: "Read a payment",
          description: "Needs the scope `payments:read`. A test key sees test payments only, a live key live ones.",
          parameters: { id: { description: "The id of the payment.", example: paymentExample.id } },
          answers: { 200: paymentExample }
        })
      ),
    HttpApiEndpoint.get("list", "/v1/payments", {
      query: {
        limit: Limit.pipe(Schema.withDecodingDefaultKey(Effect.succeed("25"))),
        status: Schema.optionalKey(PaymentStatus),
        starting_after: Schema.optionalKey(PaymentIds.Id),
        cursor: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100)))
      },
      success: PaymentList,
      error: [problem(InvalidCursor), problem(DatabaseUnavailable)]
    })
      .middleware(PaymentsRead)
      .annotateMerge(
        operation({
          summary: "List payments, the newest first",
          description: "Needs the scope `payments:read`.",
          parameters: {
            ...pageParameters,
            cursor: { description: "The `next_cursor` of the page before; not together with `starting_after`." },
            status: { description: "Only payments of this status." }
          },
          answers: { 200: { data: [paymentExample], has_more: false, next_cursor: null } }
        })
      )
  )
  .middleware(Authentication)
  .annotateMerge(OpenApi.annotations({ title: "Payments", description: "Money taken from cards, once." })) {}
