import { Schema } from "effect"
import { enumeration } from "./Enumeration.ts"
import { KillSwitchIds, MerchantIds } from "./Ids.ts"
import { Timestamp } from "./Timestamp.ts"

/** What can be stopped: what clients ask for, and not what the service does to put things right. */
export const StoppableOperation = enumeration("StoppableOperation", [
  "sale",
  "authorization",
  "capture",
  "refund",
  "void"
])
export type StoppableOperation = typeof StoppableOperation.Type

/** An operation that an operator has stopped for the time being, for one merchant or for all. */
export const KillSwitch = Schema.Struct({
  id: KillSwitchIds.Id,
  object: Schema.Literal("kill_switch"),
  operation: StoppableOperation,
  /** Null: of all merchants. */
  merchant_id: Schema.NullOr(MerchantIds.Id),
  reason: Schema.String,
  created_at: Timestamp
}).annotate({
  identifier: "KillSwitch",
  description:
    "An operation that is stopped for the time being, of one merchant or, where `merchant_id` is null, of all."
})
export type KillSwitch = typeof KillSwitch.Type

/** Provably nothing was sent to EPX. The key is free again. */
export class OperationStopped extends Schema.TaggedError<OperationStopped>()(
  "OperationStopped",
  { operation: StoppableOperation },
  { httpApiStatus: 503 }
) {
  override get message() {
    return (
      `An operator has stopped this operation (${this.operation}) for the time being. ` +
      "Send the same request again later, with the same key."
    )
  }
}

export class KillSwitchNotFound extends Schema.TaggedError<KillSwitchNotFound>()(
  "KillSwitchNotFound",
  {},
  { httpApiStatus: 404 }
) {
  override get message() {
    return "There is no such kill switch, or it is lifted already."
  }
}
