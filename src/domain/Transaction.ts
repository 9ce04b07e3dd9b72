import { Schema } from "effect"
import { enumeration } from "./Enumeration.ts"

/** One row of `transactions` is one intended call to EPX. */
export const TransactionType = Schema.Literals([
  "sale",
  "authorization",
  "capture",
  "refund",
  /** Undoes its target before it settles. */
  "void",
  /** Undoes a call that EPX never answered, by its pair. */
  "reversal"
])
export type TransactionType = typeof TransactionType.Type

export const TransactionStatus = Schema.Literals([
  /** Reserved, not yet due to be sent. */
  "scheduled",
  /** Recorded; the request may be on the wire. */
  "submitting",
  "approved",
  /** Refused by the issuer. */
  "declined",
  /** Refused by EPX: no money moved. */
  "rejected",
  /** Provably nothing was sent, or EPX has twice denied knowing it. */
  "failed",
  /** It may have reached EPX, and no answer says what became of it. */
  "unknown",
  "reversed",
  "voided",
  "expired",
  "settled"
])
export type TransactionStatus = typeof TransactionStatus.Type

/** Every edge a status may take. The SQL that changes a status compares it with the start of such an edge first. */
export const nextStatuses: Record<TransactionStatus, ReadonlyArray<TransactionStatus>> = {
  scheduled: ["submitting", "voided"],
  // A refund that was waiting waits again when nothing of it was sent.
  submitting: ["scheduled", "approved", "declined", "rejected", "failed", "unknown"],
  // As `submitting`, when that is known only after its lease.
  unknown: ["scheduled", "approved", "declined", "rejected", "failed", "reversed"],
  approved: ["voided", "expired", "settled"],
  declined: [],
  rejected: [],
  failed: [],
  reversed: [],
  voided: [],
  expired: [],
  settled: []
}

export const canBecome = (from: TransactionStatus, to: TransactionStatus): boolean => nextStatuses[from].includes(to)

/** How an outcome became known that was unknown before. */
export const ResolvedBy = Schema.Literals(["reversal", "probe", "lookup", "operator"])

/** Why money is given back. */
export const RefundReason = enumeration("RefundReason", ["requested_by_customer", "duplicate", "fraud", "other"])
export type RefundReason = typeof RefundReason.Type
