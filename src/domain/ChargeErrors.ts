import { Schema } from "effect"
import { DeclineSubject } from "./DeclineSubject.ts"
import { PaymentIds } from "./Ids.ts"
import { Environment } from "./Terminal.ts"

export class IdempotencyKeyReused extends Schema.TaggedError<IdempotencyKeyReused>()(
  "IdempotencyKeyReused",
  {},
  { httpApiStatus: 422 }
) {
  override get message() {
    return "This Idempotency-Key was used for another request. Use a new key for each new payment."
  }
}

/** Provably nothing was sent to EPX. The key is free again. */
export class GatewayUnavailable extends Schema.TaggedError<GatewayUnavailable>()(
  "GatewayUnavailable",
  {},
  { httpApiStatus: 503 }
) {
  override get message() {
    return "The gateway could not be reached and nothing was sent. Send the same request again, with the same key."
  }
}

/** Nothing was charged: `cancel-by-key` came before the request. */
export class KeyCanceled extends Schema.TaggedError<KeyCanceled>()("KeyCanceled", {}, { httpApiStatus: 409 }) {
  override get message() {
    return "This Idempotency-Key was cancelled. Use a new key for a new payment."
  }
}

export class PossibleDuplicate extends Schema.TaggedError<PossibleDuplicate>()(
  "PossibleDuplicate",
  { payment_id: PaymentIds.Id },
  { httpApiStatus: 409 }
) {
  override get message() {
    return (
      `Payment ${this.payment_id} took the same amount from the same card for the same order a moment ago. ` +
      "If both are meant, send `allow_duplicate: true`."
    )
  }
}

/** Nothing stands under the key, and this request has begun nothing. */
export class TooManyDeclines extends Schema.TaggedError<TooManyDeclines>()(
  "TooManyDeclines",
  { per: DeclineSubject, retry_after: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)) },
  { httpApiStatus: 429 }
) {
  override get message() {
    return (
      `Too many charges of this ${subjects[this.per]} were declined, which looks like card testing. ` +
      "Nothing was done: wait for `Retry-After`, and send it again with the same key."
    )
  }
}

const subjects = { customer: "customer", address: "network address", key: "API key" } satisfies Record<
  DeclineSubject,
  string
>

export class TerminalMissing extends Schema.TaggedError<TerminalMissing>()(
  "TerminalMissing",
  { environment: Environment },
  { httpApiStatus: 409 }
) {
  override get message() {
    return `This merchant has no terminal for ${this.environment} payments. An operator can add one.`
  }
}

export class PaymentNotFound extends Schema.TaggedError<PaymentNotFound>()(
  "PaymentNotFound",
  {},
  { httpApiStatus: 404 }
) {
  override get message() {
    return "There is no such payment."
  }
}

export class InvalidCursor extends Schema.TaggedError<InvalidCursor>()("InvalidCursor", {}, { httpApiStatus: 400 }) {
  override get message() {
    return "`cursor` must be the `next_cursor` of an earlier page, and cannot go together with `starting_after`."
  }
}
