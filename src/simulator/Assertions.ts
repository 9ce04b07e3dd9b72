import type { LateCommits } from "./LateCommits.ts"
import { standing, type Transaction } from "./Transaction.ts"

/** One USER_DATA_1 under one four-part key that was charged more than once, net of reversals. */
export interface DoubleCharge {
  readonly key: string
  readonly reference: string
  readonly transactions: ReadonlyArray<Transaction>
}

/** Charges that stand side by side for one reference. Those without a reference prove nothing and are left out. */
export const findDoubleCharges = (transactions: ReadonlyArray<Transaction>): ReadonlyArray<DoubleCharge> => {
  const groups = Map.groupBy(
    transactions.filter(({ reference, amount }) => reference !== undefined && amount > 0),
    ({ terminal, reference }) => `${terminal.key} ${reference}`
  )
  return [...groups.values()].flatMap((group) => {
    const charges = group.filter((transaction) => standing(transaction) > 0)
    const [first] = charges
    return first?.reference === undefined || charges.length < 2
      ? []
      : [{ key: first.terminal.key, reference: first.reference, transactions: charges }]
  })
}

/** A charge whose client does not know of it. */
export interface Indefinite {
  readonly key: string
  readonly batchId: string
  readonly tranNbr: string
  readonly reference: string | undefined
  /** Simulated epoch milliseconds. */
  readonly receivedAt: number
  readonly reason: "untold" | "in_flight"
}

/** Charges that stand though no readable answer left, and requests still in flight, if received by `before`. */
export const findIndefinite = (
  transactions: ReadonlyArray<Transaction>,
  late: LateCommits,
  filter: { readonly before: number; readonly key?: string | undefined }
): ReadonlyArray<Indefinite> => {
  const untold = transactions
    .filter((transaction) => standing(transaction) > 0 && transaction.told !== "answer")
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
