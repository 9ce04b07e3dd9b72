import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiSchema } from "effect/http-api"
import { InvalidCursor, PaymentNotFound } from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { PaymentIds } from "../domain/Ids.ts"
import { Payment, PaymentField, PaymentStatus, SparsePayment, TransactionView } from "../domain/Payment.ts"
import { PaymentsRead } from "../http/Authentication.ts"
import { commaSeparated } from "../http/CommaSeparated.ts"
import { operation } from "../http/Operation.ts"
import { cursor, cursorParameters, limit } from "../http/Page.ts"
import { problem } from "../http/Problem.ts"
import { InvalidParameter } from "../http/Validation.ts"
import { paymentExample, refundedExample } from "./PaymentExample.ts"

const PaymentList = Schema.Struct({
  data: Schema.Array(Schema.Union([Payment, SparsePayment])),
  has_more: Schema.Boolean,
  next_cursor: Schema.NullOr(Schema.String),
  not_found: Schema.optionalKey(Schema.Array(Schema.String))
}).annotate({
  identifier: "PaymentList",
  description:
    "The newest payment first. `next_cursor` leads to the next page. Where `ids` were asked for, the payments come " +
    "in their order, and `not_found` names those that there are none of."
})

/** Names of fields as they are in a query. */
export const PaymentFields = commaSeparated(PaymentField)
const fieldsParameter = {
  description: "Names of fields, separated by commas: nothing else of a payment is read and answered, but its id.",
  schema: { type: "string" },
  example: "status,amount_captured"
}

const ids = Schema.optionalKey(
  commaSeparated(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64))).check(
    Schema.isMaxLength(100, { expected: "at most 100 ids" })
  )
)

const RefundList = Schema.Struct({ data: Schema.Array(TransactionView) }).annotate({
  identifier: "RefundList",
  description: "The refunds of one payment, the oldest first."
})

const Read = HttpApiSchema.WithHeaders(Schema.Union([Payment, SparsePayment]), {
  etag: Schema.optionalKey(Schema.String)
})

const Unchanged = HttpApiSchema.Empty(304).annotate({
  description: "Nothing has changed since the `ETag` that was sent."
})

const idParameter = { description: "The id of the payment.", example: paymentExample.id }

/** What can be read of payments. */
export const paymentReads = [
  HttpApiEndpoint.get("refunds", "/v1/payments/:id/refunds", {
    params: { id: Schema.String },
    success: RefundList,
    error: [problem(PaymentNotFound), problem(DatabaseUnavailable)]
  })
    .middleware(PaymentsRead)
    .annotateMerge(
      operation({
        summary: "List the refunds of a payment",
        description: "Needs the scope `payments:read`.",
        parameters: { id: idParameter },
        answers: { 200: { data: refundedExample.transactions.filter(({ type }) => type === "refund") } }
      })
    ),
  HttpApiEndpoint.get("get", "/v1/payments/:id", {
    params: { id: Schema.String },
    success: [Read, Unchanged],
    error: [problem(PaymentNotFound), problem(InvalidParameter), problem(DatabaseUnavailable)]
  })
    .middleware(PaymentsRead)
    .annotateMerge(
      operation({
        summary: "Read a payment",
        description:
          "Needs the scope `payments:read`. A test key sees test payments only, a live key live ones. Who waits " +
          "for a change sends the `ETag` of the answer before as `If-None-Match`: 304 says that nothing has changed.",
        parameters: {
          id: idParameter
        },
        ownParameters: [
          {
            name: "if-none-match",
            in: "header",
            schema: { type: "string" },
            description: "The `ETag` of an earlier answer; beside `fields` it does nothing.",
            example: 'W/"TuvXo2cA-2"'
          },
          { name: "fields", in: "query", ...fieldsParameter }
        ],
        answers: { 200: paymentExample }
      })
    ),
  HttpApiEndpoint.get("list", "/v1/payments", {
    query: {
      limit,
      status: Schema.optionalKey(PaymentStatus),
      starting_after: Schema.optionalKey(PaymentIds.Id),
      cursor,
      fields: Schema.optionalKey(PaymentFields),
      ids
    },
    success: PaymentList,
    error: [problem(InvalidCursor), problem(InvalidParameter), problem(DatabaseUnavailable)]
  })
    .middleware(PaymentsRead)
    .annotateMerge(
      operation({
        summary: "List payments, the newest first",
        description: "Or, with `ids`, those alone and as they are now. Needs the scope `payments:read`.",
        toleratesLag: true,
        parameters: {
          ...cursorParameters,
          status: { description: "Only payments of this status." },
          fields: fieldsParameter,
          ids: {
            description: "Up to 100 ids, separated by commas; not together with `status` or a place in the list.",
            schema: { type: "string" },
            example: paymentExample.id
          }
        },
        answers: { 200: { data: [paymentExample], has_more: false, next_cursor: null } }
      })
    )
] as const
