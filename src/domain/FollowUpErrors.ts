import { Schema } from "effect"
import { TransactionIds } from "./Ids.ts"
import { Total } from "./Money.ts"

// Each of these means that nothing was sent to EPX and nothing has changed.

/** Something else is being done with the payment. */
export class PaymentBusy extends Schema.TaggedError<PaymentBusy>()("PaymentBusy", {}, { httpApiStatus: 409 }) {
  override get message() {
    return "Another operation on this payment is not finished yet. Read the payment, and try again when it is."
  }
}

export class NotCapturable extends Schema.TaggedError<NotCapturable>()("NotCapturable", {}, { httpApiStatus: 409 }) {
  override get message() {
    return "There is nothing to capture: only an authorization that was not captured, voided or undone can be."
  }
}

export class AuthorizationExpired extends Schema.TaggedError<AuthorizationExpired>()(
  "AuthorizationExpired",
  {},
  { httpApiStatus: 409 }
) {
  override get message() {
    return "The authorization has lapsed. Take the payment anew."
  }
}

export class AmountExceedsCapturable extends Schema.TaggedError<AmountExceedsCapturable>()(
  "AmountExceedsCapturable",
  { available: Total },
  { httpApiStatus: 422 }
) {
  override get message() {
    return `No more than ${this.available} can be captured.`
  }
}

export class NotRefundable extends Schema.TaggedError<NotRefundable>()("NotRefundable", {}, { httpApiStatus: 409 }) {
  override get message() {
    return "There is nothing to refund: nothing was captured, or all of it was voided or refunded."
  }
}

export class AmountExceedsRefundable extends Schema.TaggedError<AmountExceedsRefundable>()(
  "AmountExceedsRefundable",
  { available: Total },
  { httpApiStatus: 422 }
) {
  override get message() {
    return `No more than ${this.available} can be refunded.`
  }
}

export class UnsettledUseVoid extends Schema.TaggedError<UnsettledUseVoid>()(
  "UnsettledUseVoid",
  /** What to void; null: the whole payment. */
  { transaction_id: Schema.NullOr(TransactionIds.Id) },
  { httpApiStatus: 409 }
) {
  override get message() {
    return "The payment has not settled, so all of it can be voided at once. Void it, or send `prefer_void: true`."
  }
}

export class NotVoidable extends Schema.TaggedError<NotVoidable>()("NotVoidable", {}, { httpApiStatus: 409 }) {
  override get message() {
    return "There is nothing to void: it was not approved, or it has been voided, refunded or undone."
  }
}

export class SettledUseRefund extends Schema.TaggedError<SettledUseRefund>()(
  "SettledUseRefund",
  {},
  { httpApiStatus: 409 }
) {
  override get message() {
    return "It has settled or is about to, so it cannot be voided any more. Refund it."
  }
}

/** EPX carried the call out, but its answer with the token was lost. */
export class BricMissing extends Schema.TaggedError<BricMissing>()("BricMissing", {}, { httpApiStatus: 409 }) {
  override get message() {
    return "The token by which EPX knows this transaction was lost with its answer. Operators have to supply it first."
  }
}

export class TransactionNotFound extends Schema.TaggedError<TransactionNotFound>()(
  "TransactionNotFound",
  {},
  { httpApiStatus: 404 }
) {
  override get message() {
    return "This payment has no such transaction."
  }
}
