import { Schema } from "effect"
import { MerchantIds } from "../domain/Ids.ts"
import { StoppableOperation } from "../domain/KillSwitch.ts"
import { Name } from "../domain/Merchant.ts"
import { mayHoldSecret } from "../http/Secrets.ts"

/** It is kept and shown to every operator. */
export const Reason = Name.check(
  Schema.makeFilter((text) => !mayHoldSecret(text) || "Expected no token, key or card number")
)

/** What an operator stops, and why. Without a merchant it holds for all. */
export const NewKillSwitch = Schema.Struct({
  operation: StoppableOperation,
  merchant_id: Schema.optionalKey(MerchantIds.Id),
  reason: Reason
}).annotate({
  identifier: "NewKillSwitch",
  description: "What to stop, and why. Without `merchant_id` it is stopped for every merchant."
})
export type NewKillSwitch = typeof NewKillSwitch.Type
