import { Effect, Schema } from "effect"
import { TransactionIds } from "../domain/Ids.ts"
import { Amount } from "../domain/Money.ts"
import { RefundReason } from "../domain/Transaction.ts"

/** What of an authorization is to be captured; a request without a body means all of it. */
export const NewCapture = Schema.Struct({ amount: Schema.optionalKey(Amount) }).annotate({
  identifier: "NewCapture",
  description: "Without `amount`, all that can be captured. What is left over is released."
})
export type NewCapture = typeof NewCapture.Type

/** What is to be voided; a request without a body means the whole payment. */
export const NewVoid = Schema.Struct({ transaction_id: Schema.optionalKey(TransactionIds.Id) }).annotate({
  identifier: "NewVoid",
  description: "Without `transaction_id` the whole payment is undone; with it, that capture or refund only."
})
export type NewVoid = typeof NewVoid.Type

/** What is to be given back. */
export const NewRefund = Schema.Struct({
  amount: Schema.optionalKey(Amount),
  transaction_id: Schema.optionalKey(TransactionIds.Id),
  reason: RefundReason.pipe(Schema.withDecodingDefaultKey(Effect.succeed("requested_by_customer" as const))),
  prefer_void: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
}).annotate({
  identifier: "NewRefund",
  description:
    "Without `amount`, all that is left of the sale or capture. Where there are several captures, `transaction_id` " +
    "names one. A payment that has not settled is voided instead if all of it goes back and `prefer_void` says so."
})
export type NewRefund = typeof NewRefund.Type

/** The key of the request that is to be undone, whatever became of it. */
export const NewCancellation = Schema.Struct({
  idempotency_key: Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,255}$/))
}).annotate({
  identifier: "NewCancellation",
  description: "The `Idempotency-Key` of the request that is to be undone."
})
export type NewCancellation = typeof NewCancellation.Type
