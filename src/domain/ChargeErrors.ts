import { Schema } from "effect"
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
    return "The gateway could not be reached and nothing was charged. Send the same request again, with the same key."
  }
}

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
