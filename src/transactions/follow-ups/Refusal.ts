import { Schema } from "effect"
import { InvalidApiKey, MerchantSuspended } from "../../domain/AccessErrors.ts"
import { KeyCanceled, PaymentNotFound } from "../../domain/ChargeErrors.ts"
import * as Errors from "../../domain/FollowUpErrors.ts"
import { type TransactionId, TransactionIds } from "../../domain/Ids.ts"
import { OperationStopped } from "../../domain/KillSwitch.ts"
import { Total } from "../../domain/Money.ts"
import { PreconditionFailed } from "../../domain/PreconditionFailed.ts"
import { TransactionStatus, TransactionType } from "../../domain/Transaction.ts"
import type { FollowUp } from "./FollowUp.ts"

/** A payment as it stands when a follow-up has found nothing to claim. */
export const ProspectRow = Schema.Struct({
  is_active: Schema.Boolean,
  is_stopped: Schema.Boolean,
  has_terminal: Schema.Boolean,
  is_canceled: Schema.Boolean,
  is_as_seen: Schema.Boolean,
  type: Schema.Literals(["sale", "authorization"]),
  first_status: TransactionStatus,
  calls: Schema.Int,
  doubts: Schema.Int,
  pending_void: Schema.Boolean,
  is_to_be_undone: Schema.Boolean,
  authorized: Total,
  captured: Total,
  refunded: Total,
  pending_capture: Total,
  pending_refund: Total,
  capturable: Total,
  refundable: Total,
  has_expired: Schema.Boolean,
  transactions: Schema.Array(
    Schema.Struct({
      id: TransactionIds.Column,
      type: TransactionType,
      status: TransactionStatus,
      amount: Schema.Int,
      left_over: Schema.Int,
      has_bric: Schema.Boolean,
      is_voidable: Schema.Boolean
    })
  )
})
export type Prospect = typeof ProspectRow.Type

export type FollowUpRefusal =
  | InstanceType<(typeof Errors)[keyof typeof Errors]>
  | InvalidApiKey
  | MerchantSuspended
  | OperationStopped
  | KeyCanceled
  | PaymentNotFound
  | PreconditionFailed

/** Why a follow-up cannot be claimed; null: by now it could be. */
export const refusalOf = (followUp: FollowUp, prospect: Prospect | undefined): FollowUpRefusal | null => {
  if (prospect === undefined) return new PaymentNotFound()
  if (!prospect.is_active) return new MerchantSuspended()
  if (prospect.is_stopped) return new OperationStopped({ operation: followUp.type })
  if (!prospect.has_terminal) return new InvalidApiKey()
  if (prospect.is_canceled) return new KeyCanceled()
  // Before what the payment has become, which whoever asks has not seen.
  if (!prospect.is_as_seen) return new PreconditionFailed()
  switch (followUp.type) {
    case "capture":
      return captureRefusal(prospect, followUp.amount)
    case "refund":
      return refundRefusal(prospect, followUp)
    case "void":
      return voidRefusal(prospect, followUp.targetId)
  }
}

const isOpen: ReadonlySet<TransactionStatus> = new Set(["submitting", "unknown"])
const stands: ReadonlySet<TransactionStatus> = new Set(["approved", "settled"])

const captureRefusal = (prospect: Prospect, amount: number | null) => {
  const { first_status, type, ...rest } = prospect
  if (type === "sale") return new Errors.NotCapturable()
  if (isOpen.has(first_status) || rest.pending_void || rest.is_to_be_undone) return new Errors.PaymentBusy()
  if (first_status === "expired") return new Errors.AuthorizationExpired()
  if (first_status !== "approved") return new Errors.NotCapturable()
  if (rest.capturable === 0) return rest.pending_capture > 0 ? new Errors.PaymentBusy() : new Errors.NotCapturable()
  if (rest.has_expired) return new Errors.AuthorizationExpired()
  if ((amount ?? 1) > rest.capturable) return new Errors.AmountExceedsCapturable({ available: rest.capturable })
  return rest.transactions.some(({ has_bric, type }) => type === "authorization" && has_bric)
    ? null
    : new Errors.BricMissing()
}

const refundRefusal = (prospect: Prospect, { amount, targetId }: FollowUp & { readonly type: "refund" }) => {
  const { first_status, pending_void, is_to_be_undone, refundable, transactions } = prospect
  if (isOpen.has(first_status)) return new Errors.PaymentBusy()
  const named = transactions.filter(({ id }) => targetId === null || id === targetId)
  if (named.length === 0) return new Errors.TransactionNotFound()
  const targets = named.filter(({ status, type }) => (type === "sale" || type === "capture") && stands.has(status))
  if (pending_void || is_to_be_undone)
    return targets.length === 0 ? new Errors.NotRefundable() : new Errors.PaymentBusy()
  const available = Math.min(refundable, Math.max(0, ...targets.map(({ left_over }) => left_over)))
  if (targets.length === 0 || available === 0) {
    return prospect.pending_capture > 0 || prospect.pending_refund > 0
      ? new Errors.PaymentBusy()
      : new Errors.NotRefundable()
  }
  if ((amount ?? 1) > available) return new Errors.AmountExceedsRefundable({ available })
  const fitting = targets.filter(({ left_over }) => left_over >= (amount ?? 1))
  const withBric = fitting.filter(({ has_bric }) => has_bric)
  if (withBric.length === 0) return new Errors.BricMissing()
  const isWhole = withBric.every(
    (target) => target.status === "approved" && target.is_voidable && (amount ?? target.left_over) === target.amount
  )
  // What is left of several captures stays; a single one takes its authorization with it.
  const standing = transactions.filter(
    ({ status, type }) => (type === "sale" || type === "capture") && stands.has(status)
  )
  const all = standing.length === 1 && targetId === null
  return isWhole ? new Errors.UnsettledUseVoid({ transaction_id: all ? null : (withBric[0]?.id ?? null) }) : null
}

const voidRefusal = (prospect: Prospect, targetId: TransactionId | null) => {
  const { calls, doubts, pending_refund, pending_void, refunded, transactions, is_to_be_undone } = prospect
  const named = targetId === null ? transactions : transactions.filter(({ id }) => id === targetId)
  if (named.length === 0) return new Errors.TransactionNotFound()
  // A refund that was never sent is given up without a call, whatever else goes on.
  if (targetId !== null && named.some(({ status }) => status === "scheduled")) return null
  const standing = named.filter(({ status }) => stands.has(status))
  if (calls > 0 || doubts > 0 || pending_void || is_to_be_undone) {
    return standing.length === 0 && named.every(({ status }) => !isOpen.has(status))
      ? new Errors.NotVoidable()
      : new Errors.PaymentBusy()
  }
  const targets =
    targetId === null
      ? standing.filter(
          ({ type }) => type === (prospect.captured > 0 && prospect.type !== "sale" ? "capture" : prospect.type)
        )
      : standing
  if (targets.length === 0) return new Errors.NotVoidable()
  const isRefund = targets.every(({ type }) => type === "refund")
  const isWhole = targetId === null || targets.some(({ type }) => type === "sale")
  if (isWhole && !isRefund && refunded + pending_refund > 0) return new Errors.NotVoidable()
  if (targets.some(({ amount, left_over, type }) => type === "capture" && left_over < amount)) {
    return new Errors.NotVoidable()
  }
  if (targets.some(({ type }) => type === "authorization") && prospect.captured > 0) return new Errors.NotVoidable()
  if (
    targets.some(({ is_voidable, status, type }) => type !== "authorization" && (status === "settled" || !is_voidable))
  ) {
    return new Errors.SettledUseRefund()
  }
  return targets.some(({ has_bric }) => !has_bric) ? new Errors.BricMissing() : null
}
