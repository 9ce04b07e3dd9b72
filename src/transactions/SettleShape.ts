import { TransactionIds } from "../domain/Ids.ts"
import type { TransactionStatus, TransactionType } from "../domain/Transaction.ts"
import type { SealedBric } from "../postgres/SealedBric.ts"
import type { Resolution, Settled, Settlement } from "./Settlement.ts"

/**
 * What a call is settled from: as it was claimed, which it nearly always is; whatever an answer may still decide; or an
 * unknown outcome that has become known.
 */
export type From = "submitting" | "undecided" | Resolution

/** What decides how the statement reads; whatever else it needs is a parameter. */
export interface Shape {
  readonly type: Settled["type"]
  readonly target: TransactionType | null
  readonly status: TransactionStatus
  readonly isParked: boolean
  readonly from: "submitting" | "undecided" | Resolution["by"]
}

export interface Input {
  readonly call: Settled
  readonly settlement: Settlement
  readonly bric: SealedBric
  readonly eventIds: readonly [string, string]
}

export const isFirst = (type: TransactionType) => type === "sale" || type === "authorization"

export const shapeOf = ({ call, settlement }: Input, from: From): Shape => ({
  type: call.type,
  target: call.target?.type ?? null,
  status: settlement.status,
  isParked: settlement.isParked,
  from: typeof from === "string" ? from : from.by
})

export const idOf = ({ call }: Input) => TransactionIds.toUuid(call.id)

/** Only a charge can be approved in part; whatever else EPX names is not what was approved. */
export const approvedBy = ({ call: { type }, settlement: { answer, status } }: Input): number | null =>
  isFirst(type) && status === "approved" ? (answer?.amountApproved ?? null) : null
