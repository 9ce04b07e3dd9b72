import type { Amount } from "../domain/Money.ts"
import { paymentStatuses, totalsOf } from "../domain/Payment.ts"
import type { TransactionStatus } from "../domain/Transaction.ts"
import type { EpxResult } from "../epx/Result.ts"
import type { Settlement } from "./Settlement.ts"

/** Only an explicit decision of EPX over the whole amount decides; all else that may have been sent is unknown. */
export const settlementOf = (type: "sale" | "authorization", amount: Amount, result: EpxResult): Settlement => {
  const settle = (status: TransactionStatus, rest: Partial<Settlement> = {}): Settlement => ({
    status,
    paymentStatus: paymentStatuses[type][status],
    totals: totalsOf(type, status, amount),
    answer: null,
    decline: null,
    doubt: null,
    isParked: false,
    ...rest
  })
  switch (result._tag) {
    case "NotSent":
      return settle("failed", { doubt: `not sent (${result.reason}): ${result.detail}` })
    case "InDoubt":
      return settle("unknown", {
        answer: result.answer,
        doubt: `${result.reason}: ${result.detail}`,
        // The pair may be another payment's, which a reversal by the pair would undo.
        isParked: result.reason === "duplicate"
      })
    case "Replied":
      if (result.outcome !== "approved") {
        return settle(result.outcome, { answer: result.answer, decline: result.decline })
      }
      // A partial approval is not what was asked for: left unknown, it is undone by the reversal that follows.
      return (result.answer.amountApproved ?? amount) === amount
        ? settle("approved", { answer: result.answer })
        : settle("unknown", { answer: result.answer, doubt: `partial_approval: ${result.answer.amountApproved}` })
  }
}
