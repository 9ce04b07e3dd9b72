import type { Card } from "./Cards.ts"
import { keptFields } from "./FieldRules.ts"
import type { KnownRequest } from "./Request.ts"
import type { Fields, Terminal } from "./Terminals.ts"

/** What the client could learn: an answer it can read, one it cannot, or none. */
export type Told = "answer" | "unreadable" | "nothing"

/** What the simulator did for one request that reached the issuer. One record each, kept until a reset. */
export interface Transaction {
  readonly terminal: Terminal
  readonly type: string
  /** Simulated epoch milliseconds. */
  readonly receivedAt: number
  /** When it reached the books, which a fault may have put off. */
  readonly bookedAt: number
  readonly batchId: string
  readonly tranNbr: string
  /** USER_DATA_1, or that of what it acts on. */
  readonly reference: string | undefined
  /** The reference of the sale or authorization that it goes back to: its money counts there. */
  readonly payment: string | undefined
  /** USER_DATA_2. */
  readonly attempt: string | undefined
  readonly card: Card
  readonly bric: string
  /** AUTH_RESP as the issuer gave it, which a fault may have hidden. */
  readonly code: string
  readonly authCode: string | undefined
  /** Whether it was done, whatever the code says. */
  readonly isDone: boolean
  /** Cents held, sold, captured or refunded; 0 when refused, and where no money moves. */
  readonly amount: number
  /** Cents that a reversal or a void took back since. */
  released: number
  /** Cents of a sale or capture that its refunds have given back. */
  refunded: number
  /** What a capture, refund, void or reversal acts on. */
  readonly target: Transaction | undefined
  /** The capture of an authorization, while it is not voided. */
  capture: Transaction | undefined
  isVoided: boolean
  /** Whether CCE8 made its BRIC, to last. */
  readonly isStored: boolean
  /** When the batch closed, in simulated epoch milliseconds. */
  settledAt: number | undefined
  /** COF_PERIOD: months the BRIC lives; 0 = not for new sales. */
  readonly cofMonths: number
  /** What a look-up shows again and a storage BRIC hands on; never card data. */
  kept: Fields
  told: Told
  /** The transaction before it with the same pair. */
  previous: Transaction | undefined
}

/** Cents that neither a reversal nor a void took back. */
export const standing = (transaction: Transaction): number => transaction.amount - transaction.released

/** Cents the cardholder is out of, or has got back by a refund. A captured authorization holds nothing any more. */
export const moved = (transaction: Transaction): number =>
  transaction.capture === undefined ? standing(transaction) - transaction.refunded : 0

/** Whether it waits for its batch to close: until then it can be voided. */
export const isOpen = (transaction: Transaction): boolean =>
  transaction.settledAt === undefined && standing(transaction) > 0

/** COF_PERIOD when the request does not say: 13 months (EPX BRIC reference). */
export const defaultCofMonths = 13

/** What came of a request. */
export type Deed = Pick<Transaction, "card" | "bric" | "code" | "isDone" | "amount"> & {
  readonly authCode?: string | undefined
  readonly target?: Transaction | undefined
  readonly isStored?: boolean
  /** What a BRIC handed on. */
  readonly inherited?: Fields | undefined
}

const keep = (fields: Fields, inherited: Fields | undefined): Fields => {
  const kept = new Map(inherited)
  for (const [field, value] of fields) if (keptFields.has(field)) kept.set(field, value)
  return kept
}

/** The record of a request and what came of it. Nobody has been told yet. */
export const newTransaction = (request: KnownRequest, deed: Deed): Transaction => {
  const { fields, terminal, type, receivedAt } = request
  const period = fields.get("COF_PERIOD")
  const reference = fields.get("USER_DATA_1") ?? deed.target?.reference
  return {
    terminal,
    type,
    receivedAt,
    bookedAt: request.dueAt,
    batchId: fields.get("BATCH_ID") ?? "",
    tranNbr: fields.get("TRAN_NBR") ?? "",
    reference,
    payment: deed.target?.payment ?? reference,
    attempt: fields.get("USER_DATA_2"),
    card: deed.card,
    bric: deed.bric,
    code: deed.code,
    authCode: deed.authCode,
    isDone: deed.isDone,
    amount: deed.isDone ? deed.amount : 0,
    released: 0,
    refunded: 0,
    target: deed.target,
    capture: undefined,
    isVoided: false,
    isStored: deed.isStored ?? false,
    settledAt: undefined,
    cofMonths: period === undefined ? defaultCofMonths : Number(period),
    kept: keep(fields, deed.inherited),
    told: "nothing",
    previous: undefined
  }
}
