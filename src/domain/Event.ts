import { Schema } from "effect"
import { EventIds, PaymentIds, TransactionIds } from "./Ids.ts"
import { Amount, Currency } from "./Money.ts"
import { PaymentStatus } from "./Payment.ts"
import { Timestamp } from "./Timestamp.ts"

/** Such as `payment.captured` or `refund.approved`: what changed, and what it became. */
export const EventType = Schema.String.check(
  Schema.isPattern(/^[a-z]{1,30}\.[a-z_]{1,30}$/, { expected: "a type such as payment.captured" })
)

/** One change of state, written in the commit that made it. */
export const Event = Schema.Struct({
  id: EventIds.Id,
  object: Schema.Literal("event"),
  type: EventType,
  payment_id: PaymentIds.Id,
  transaction_id: TransactionIds.Id,
  created_at: Timestamp,
  /** The payment right after the change. */
  data: Schema.Struct({ status: PaymentStatus, amount: Amount, currency: Currency })
}).annotate({
  identifier: "Event",
  description:
    "One change of state. `type` is `payment.` and the payment's new status, or `capture.`, `refund.` or `void.` and " +
    "what became of that call; `data` is the payment right after it."
})
export type Event = typeof Event.Type
