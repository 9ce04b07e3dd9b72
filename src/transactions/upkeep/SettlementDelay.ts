import { Context } from "effect"

/** From the cut-off of a batch until its items are taken for settled, in seconds. */
export class SettlementDelay extends Context.Service<SettlementDelay, number>()(
  "payment-service/transactions/SettlementDelay"
) {}
