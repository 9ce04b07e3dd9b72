import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { InvalidApiKey, MerchantSuspended, ScopeMissing } from "../domain/AccessErrors.ts"
import {
  GatewayUnavailable,
  IdempotencyKeyReused,
  KeyCanceled,
  PaymentNotFound,
  PossibleDuplicate,
  TerminalMissing,
  TooManyDeclines
} from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import * as FollowUpErrors from "../domain/FollowUpErrors.ts"
import { OperationStopped } from "../domain/KillSwitch.ts"
import { Payment } from "../domain/Payment.ts"
import { PreconditionFailed } from "../domain/PreconditionFailed.ts"
import { Authentication, PaymentsWrite, RefundsWrite } from "../http/Authentication.ts"
import { IdempotencyKey } from "../http/IdempotencyKey.ts"
import { ifMatchHeader } from "../http/IfMatch.ts"
import { operation } from "../http/Operation.ts"
import { problem } from "../http/Problem.ts"
import { NewCancellation, NewCapture, NewRefund, NewVoid } from "./FollowUpRequests.ts"
import { NewPayment } from "./NewPayment.ts"
import { Decided, Undecided } from "./PaymentAnswers.ts"
import { paymentExample, refundedExample, undecidedExample, voidedExample } from "./PaymentExample.ts"
import { paymentReads } from "./PaymentReadsApi.ts"

const Cancellation = (status: 200 | 202, isDecided: boolean) =>
  Schema.Struct({
    object: Schema.Literal("cancellation"),
    idempotency_key: Schema.String,
    is_decided: Schema.Literal(isDecided),
    payment: Schema.NullOr(Payment)
  })
    .annotate({
      identifier: isDecided ? "Cancellation" : "PendingCancellation",
      description: isDecided
        ? "`payment` is null where nothing had come under the key: nothing can any more."
        : "The payment will be undone as soon as EPX has said what became of it: read it again."
    })
    .pipe(HttpApiSchema.status(status))

/** What can go wrong with every follow-up. */
const followUpErrors = [
  problem(IdempotencyKeyReused),
  problem(GatewayUnavailable),
  problem(DatabaseUnavailable),
  problem(MerchantSuspended),
  problem(OperationStopped),
  problem(InvalidApiKey),
  problem(KeyCanceled),
  problem(PaymentNotFound),
  problem(FollowUpErrors.PaymentBusy),
  problem(FollowUpErrors.BricMissing),
  problem(FollowUpErrors.TransactionNotFound),
  problem(FollowUpErrors.NotCapturable),
  problem(FollowUpErrors.AuthorizationExpired),
  problem(FollowUpErrors.AmountExceedsCapturable),
  problem(FollowUpErrors.NotRefundable),
  problem(FollowUpErrors.AmountExceedsRefundable),
  problem(FollowUpErrors.UnsettledUseVoid),
  problem(FollowUpErrors.NotVoidable),
  problem(FollowUpErrors.SettledUseRefund)
] as const

const keyParameter = {
  description:
    "1 to 255 visible ASCII characters, new for each new operation. A repeat is answered with the payment as it is " +
    "now and `Idempotent-Replayed: true`.",
  example: "order-1001-capture"
}
const ofFollowUp = { "idempotency-key": IdempotencyKey, ...ifMatchHeader }
const followUpParameters = {
  id: { description: "The id of the payment.", example: paymentExample.id },
  "idempotency-key": keyParameter,
  "if-match": {
    description:
      "The `ETag` of the payment: it is done only if nothing of the payment has changed since, and 412 says that " +
      "something has. A repeat of what was carried out gets its answer whatever this says.",
    example: 'W/"TuvXo2cA-2"'
  }
}

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
        problem(OperationStopped),
        problem(InvalidApiKey),
        problem(ScopeMissing),
        problem(TerminalMissing),
        problem(KeyCanceled),
        problem(PossibleDuplicate),
        problem(TooManyDeclines)
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
    HttpApiEndpoint.post("capture", "/v1/payments/:id/capture", {
      params: { id: Schema.String },
      headers: ofFollowUp,
      payload: [NewCapture, Schema.Null],
      success: [Decided, Undecided],
      error: [...followUpErrors, problem(PreconditionFailed)]
    })
      .middleware(PaymentsWrite)
      .annotateMerge(
        operation({
          summary: "Capture what an authorization holds",
          description:
            "Takes the amount, or all that can be captured, and releases the rest. One capture uses an " +
            "authorization up, unless its terminal allows more. Needs the scope `payments:write`.",
          parameters: followUpParameters,
          request: { amount: 1500 },
          answers: { 201: paymentExample, 202: undecidedExample }
        })
      ),
    HttpApiEndpoint.post("void", "/v1/payments/:id/void", {
      params: { id: Schema.String },
      headers: ofFollowUp,
      payload: [NewVoid, Schema.Null],
      success: [Decided, Undecided],
      error: [...followUpErrors, problem(PreconditionFailed)]
    })
      .middleware(PaymentsWrite)
      .annotateMerge(
        operation({
          summary: "Undo a payment, a capture or a refund before it settles",
          description:
            "Without a body the whole payment is undone. A little before its batch closes that is over: " +
            "`settled_use_refund`. " +
            "Needs the scope `payments:write`.",
          parameters: followUpParameters,
          request: {},
          answers: { 201: voidedExample, 202: undecidedExample }
        })
      ),
    HttpApiEndpoint.post("refund", "/v1/payments/:id/refunds", {
      params: { id: Schema.String },
      headers: ofFollowUp,
      payload: NewRefund,
      success: [Decided, Undecided],
      error: [...followUpErrors, problem(PreconditionFailed)]
    })
      .middleware(RefundsWrite)
      .annotateMerge(
        operation({
          summary: "Give money back",
          description:
            "All that is left, or a part; several refunds may follow each other. A part of what has not settled is " +
            "`scheduled` and sent after its settlement. Needs the scope `refunds:write`.",
          parameters: followUpParameters,
          request: { amount: 500, reason: "requested_by_customer" },
          answers: { 201: refundedExample, 202: undecidedExample }
        })
      ),
    HttpApiEndpoint.post("cancelByKey", "/v1/payments/cancel-by-key", {
      payload: NewCancellation,
      success: [Cancellation(200, true), Cancellation(202, false)],
      error: followUpErrors
    })
      .middleware(PaymentsWrite)
      .annotateMerge(
        operation({
          summary: "Undo whatever became of a request",
          description:
            "For a client that does not know whether its request arrived. What was charged, captured or refunded " +
            "under " +
            "the key is voided; what is on its way is undone once it is known; and a request that has not come yet " +
            "is refused when it comes. It may be repeated. Needs the scope `payments:write`.",
          request: { idempotency_key: "order-1001" },
          answers: {
            200: { object: "cancellation", idempotency_key: "order-1001", is_decided: true, payment: voidedExample },
            202: { object: "cancellation", idempotency_key: "order-1001", is_decided: false, payment: undecidedExample }
          }
        })
      )
  )
  .add(...paymentReads)
  .middleware(Authentication)
  .annotateMerge(OpenApi.annotations({ title: "Payments", description: "Money taken from cards, once." })) {}
