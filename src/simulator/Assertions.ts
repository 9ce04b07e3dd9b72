import type { LateCommits } from "./LateCommits.ts"
import { moved, standing, type Transaction } from "./Transaction.ts"

/** Money that moved more than once for one payment, net of reversals, voids and refunds. */
export interface DoubleCharge {
  readonly kind: /** Several charges stand for one USER_DATA_1. */
    | "charged_twice"
    /** Several captures stand for one authorization. */
    | "captured_twice"
    /** Refunds exceed their sale or capture. */
    | "refunded_beyond"
  readonly key: string
  readonly reference: string | null
  readonly transactions: ReadonlyArray<Transaction>
}

const isCharge = ({ type }: Transaction): boolean => type === "CCE1" || type === "CCE2" || type === "CCE4"

const groupOf = (kind: DoubleCharge["kind"], transactions: ReadonlyArray<Transaction>): ReadonlyArray<DoubleCharge> => {
  const [first] = transactions
  return first === undefined ? [] : [{ kind, key: first.terminal.key, reference: first.payment ?? null, transactions }]
}

/** Charges without a reference prove nothing side by side and are left out. */
const chargedTwice = (transactions: ReadonlyArray<Transaction>): ReadonlyArray<DoubleCharge> => {
  const charges = transactions.filter((each) => isCharge(each) && each.payment !== undefined && moved(each) > 0)
  return [...Map.groupBy(charges, ({ terminal, payment }) => `${terminal.key} ${payment}`).values()]
    .filter(({ length }) => length > 1)
    .flatMap((group) => groupOf("charged_twice", group))
}

const byTarget = (transactions: ReadonlyArray<Transaction>, type: string) =>
  Map.groupBy(
    transactions.filter((each) => each.type === type && standing(each) > 0),
    ({ target }) => target
  )

const capturedTwice = (transactions: ReadonlyArray<Transaction>): ReadonlyArray<DoubleCharge> =>
  [...byTarget(transactions, "CCE4").values()]
    .filter(({ length }) => length > 1)
    .flatMap((group) => groupOf("captured_twice", group))

const refundedBeyond = (transactions: ReadonlyArray<Transaction>): ReadonlyArray<DoubleCharge> =>
  [...byTarget(transactions, "CCE9")].flatMap(([target, refunds]) => {
    const sum = refunds.reduce((total, each) => total + standing(each), 0)
    return target === undefined || sum <= standing(target) ? [] : groupOf("refunded_beyond", [target, ...refunds])
  })

/** Every payment that cost its payer, or its merchant, more than once. */
export const findDoubleCharges = (transactions: ReadonlyArray<Transaction>): ReadonlyArray<DoubleCharge> => [
  ...chargedTwice(transactions),
  ...capturedTwice(transactions),
  ...refundedBeyond(transactions)
]

/** One USER_DATA_2 under one four-part key that was refunded more than once, net of voids. */
export interface DoubleRefund {
  readonly key: string
  readonly attempt: string
  readonly transactions: ReadonlyArray<Transaction>
}

/** Refunds that stand side by side for one attempt. */
export const findDoubleRefunds = (transactions: ReadonlyArray<Transaction>): ReadonlyArray<DoubleRefund> => {
  const refunds = transactions.filter((each) => each.type === "CCE9" && standing(each) > 0)
  return [...Map.groupBy(refunds, ({ terminal, attempt }) => `${terminal.key} ${attempt}`).values()].flatMap(
    (group) => {
      const [first] = group
      return first?.attempt === undefined || group.length < 2
        ? []
        : [{ key: first.terminal.key, attempt: first.attempt, transactions: group }]
    }
  )
}

/** A charge or refund whose client does not know of it. */
export interface Indefinite {
  readonly key: string
  readonly batchId: string
  readonly tranNbr: string
  readonly reference: string | undefined
  /** Simulated epoch milliseconds. */
  readonly receivedAt: number
  readonly reason: "untold" | "in_flight"
}

/** Charges and refunds that stand untold, and requests still in flight, if received by `before`. */
export const findIndefinite = (
  transactions: ReadonlyArray<Transaction>,
  late: LateCommits,
  filter: { readonly before: number; readonly key?: string | undefined }
): ReadonlyArray<Indefinite> => {
  const untold = transactions
    .filter((transaction) => moved(transaction) > 0 && transaction.told !== "answer")
    .map(
      ({ terminal, batchId, tranNbr, reference, receivedAt }): Indefinite => ({
        key: terminal.key,
        batchId,
        tranNbr,
        reference,
        receivedAt,
        reason: "untold"
      })
    )
  const inFlight = late.pending().map(
    ({ fields, terminal, receivedAt }): Indefinite => ({
      key: terminal.key,
      batchId: fields.get("BATCH_ID") ?? "",
      tranNbr: fields.get("TRAN_NBR") ?? "",
      reference: fields.get("USER_DATA_1"),
      receivedAt,
      reason: "in_flight"
    })
  )
  return [...untold, ...inFlight]
    .filter(({ key }) => filter.key === undefined || filter.key === key)
    .filter(({ receivedAt }) => receivedAt <= filter.before)
}
