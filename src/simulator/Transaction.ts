import type { Card } from "./Cards.ts"
import type { KnownRequest } from "./Request.ts"
import type { Terminal } from "./Terminals.ts"

/** What the client could learn: an answer it can read, one it cannot, or none. */
export type Told = "answer" | "unreadable" | "nothing"

/** What the simulator did for one request that reached the issuer. One record each, kept until a reset. */
export interface Transaction {
  readonly terminal: Terminal
  readonly type: string
  /** Simulated epoch milliseconds. */
  readonly receivedAt: number
  readonly batchId: string
  readonly tranNbr: string
  /** USER_DATA_1; a timeout reversal has none and takes its original's. */
  readonly reference: string | undefined
  /** USER_DATA_2. */
  readonly attempt: string | undefined
  readonly card: Card
  readonly bric: string
  /** AUTH_RESP as the issuer gave it, which a fault may have hidden. */
  readonly code: string
  /** Cents held or sold; 0 when refused, and on reversals. */
  readonly amount: number
  /** Cents given back since. */
  released: number
  /** What a reversal reversed. */
  readonly target: Transaction | undefined
  /** COF_PERIOD: months the BRIC lives; 0 = not for new sales. */
  readonly cofMonths: number
  told: Told
  /** The transaction before it with the same pair. */
  previous: Transaction | undefined
}

/** Cents that still stand. */
export const standing = (transaction: Transaction): number => transaction.amount - transaction.released

/** COF_PERIOD when the request does not say: 13 months (EPX BRIC reference). */
const defaultCofMonths = 13

/** The record of a request and what came of it. Nobody has been told yet. */
export const newTransaction = (
  { fields, terminal, type, receivedAt }: KnownRequest,
  outcome: Pick<Transaction, "card" | "bric" | "code" | "amount"> & { readonly target?: Transaction }
): Transaction => {
  const period = fields.get("COF_PERIOD")
  return {
    terminal,
    type,
    receivedAt,
    batchId: fields.get("BATCH_ID") ?? "",
    tranNbr: fields.get("TRAN_NBR") ?? "",
    reference: fields.get("USER_DATA_1") ?? outcome.target?.reference,
    attempt: fields.get("USER_DATA_2"),
    card: outcome.card,
    bric: outcome.bric,
    code: outcome.code,
    amount: outcome.amount,
    released: 0,
    target: outcome.target,
    cofMonths: period === undefined ? defaultCofMonths : Number(period),
    told: "nothing",
    previous: undefined
  }
}
