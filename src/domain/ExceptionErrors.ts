import { Schema } from "effect"
import { Outcome } from "./Exception.ts"
import { ResolvedBy, TransactionStatus } from "./Transaction.ts"

export class ExceptionNotFound extends Schema.TaggedError<ExceptionNotFound>()(
  "ExceptionNotFound",
  {},
  { httpApiStatus: 404 }
) {
  override get message() {
    return "There is no such transaction, or it stands for no intent of its own."
  }
}

/** It has its outcome: from a person, or meanwhile from EPX. */
export class ExceptionResolved extends Schema.TaggedError<ExceptionResolved>()(
  "ExceptionResolved",
  { transaction_status: TransactionStatus, resolved_by: Schema.NullOr(ResolvedBy) },
  { httpApiStatus: 409 }
) {
  override get message() {
    return `There is nothing to resolve: the transaction is ${this.transaction_status}.`
  }
}

export class ExceptionNotOpen extends Schema.TaggedError<ExceptionNotOpen>()(
  "ExceptionNotOpen",
  {},
  { httpApiStatus: 409 }
) {
  override get message() {
    return "The service is still finding out by itself, and may be asking EPX right now. Wait until it gives up."
  }
}

export class OutcomeNotAllowed extends Schema.TaggedError<OutcomeNotAllowed>()(
  "OutcomeNotAllowed",
  { allowed: Schema.Array(Outcome) },
  { httpApiStatus: 422 }
) {
  override get message() {
    return `This exception can be resolved to: ${this.allowed.join(", ")}.`
  }
}

export class AmountNotAllowed extends Schema.TaggedError<AmountNotAllowed>()(
  "AmountNotAllowed",
  { most: Schema.Int },
  { httpApiStatus: 422 }
) {
  override get message() {
    return this.most === 0
      ? "Only what was approved of a sale or authorization may differ from what was asked."
      : `No more than ${this.most} was asked, so no more can have been approved.`
  }
}
