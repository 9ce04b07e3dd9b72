import type { Settlement } from "./Settlement.ts"
import type { Terminals } from "./Terminals.ts"
import { moved, standing, type Transaction } from "./Transaction.ts"

/** Sums in cents, and how many there were of some kinds. */
interface LedgerLine {
  /** On hold by authorizations that are not captured. */
  readonly held: number
  /** Sold or captured, whether or not the batch has closed. */
  readonly captured: number
  /** Given back by refunds, whether or not the batch has closed. */
  readonly refunded: number
  /** Of captured less refunded: what has settled. */
  readonly settled: number
  /** Sales and holds taken back by reversals and voids. */
  readonly released: number
  /** What the cardholder is out of: held and captured, less refunded. */
  readonly net: number
  /** Sales and authorizations. */
  readonly approved: number
  readonly declined: number
  readonly reversals: number
  readonly voids: number
  /** Charges that still stand, net of refunds. More than one for one reference is a double charge. */
  readonly standing: number
}

/** The sums of one four-part key, in all and by the USER_DATA_1 of the charge that all goes back to. */
export interface TerminalLedger extends LedgerLine {
  readonly key: string
  readonly references: { readonly [reference: string]: LedgerLine }
}

/** Which part of the books to read. */
export interface LedgerFilter {
  /** A four-part key, joined by `-`. */
  readonly key?: string | undefined
  /** USER_DATA_1, of the transaction or of the charge that it goes back to. */
  readonly reference?: string | undefined
}

type Sums = { -readonly [field in keyof LedgerLine]: LedgerLine[field] }

const emptySums = (): Sums => ({
  held: 0,
  captured: 0,
  refunded: 0,
  settled: 0,
  released: 0,
  net: 0,
  approved: 0,
  declined: 0,
  reversals: 0,
  voids: 0,
  standing: 0
})

const addCharge = (sums: Sums, transaction: Transaction): void => {
  sums.approved += 1
  sums.released += transaction.released
  if (transaction.type === "CCE1") addCaptured(sums, transaction)
  else if (transaction.capture === undefined) {
    sums.held += standing(transaction)
    if (standing(transaction) > 0) sums.standing += 1
  }
}

const addCaptured = (sums: Sums, transaction: Transaction): void => {
  sums.captured += standing(transaction)
  if (transaction.settledAt !== undefined) sums.settled += standing(transaction)
  if (moved(transaction) > 0) sums.standing += 1
}

const addRefund = (sums: Sums, transaction: Transaction): void => {
  sums.refunded += standing(transaction)
  if (transaction.settledAt !== undefined) sums.settled -= standing(transaction)
}

const add = (sums: Sums, transaction: Transaction): void => {
  const { type, isDone } = transaction
  if (isCharge(type) && !isDone) sums.declined += 1
  if (!isDone) return
  if (isCharge(type)) addCharge(sums, transaction)
  if (type === "CCE4") addCaptured(sums, transaction)
  if (type === "CCE9") addRefund(sums, transaction)
  if (type === "CCE7") sums.reversals += 1
  if (type === "CCEX") sums.voids += 1
  sums.net = sums.held + sums.captured - sums.refunded
}

const isCharge = (type: string): boolean => type === "CCE1" || type === "CCE2"

const pairKey = (merchNbr: string, batchId: string, tranNbr: string): string => `${merchNbr}/${batchId}/${tranNbr}`

/** What really happened, whatever the clients were told. */
export class Ledger {
  readonly #terminals: Terminals
  readonly #settlement: Settlement
  readonly #byBric = new Map<string, Transaction>()
  readonly #byPair = new Map<string, Transaction>()

  constructor(terminals: Terminals, settlement: Settlement) {
    this.#terminals = terminals
    this.#settlement = settlement
  }

  commit(transaction: Transaction): void {
    this.#index(transaction)
    transaction.terminal.transactions.push(transaction)
    this.#settlement.add(transaction)
  }

  /** A BRIC belongs to the MERCH_NBR that made it. */
  findBric(merchNbr: string, bric: string): Transaction | undefined {
    const transaction = this.#byBric.get(bric)
    return transaction?.terminal.merchNbr === merchNbr ? transaction : undefined
  }

  /** What used the pair under the MERCH_NBR, newest first. */
  findPair(merchNbr: string, batchId: string, tranNbr: string): ReadonlyArray<Transaction> {
    const found: Array<Transaction> = []
    let next = this.#byPair.get(pairKey(merchNbr, batchId, tranNbr))
    for (; next !== undefined; next = next.previous) found.push(next)
    return found
  }

  transactions(filter: LedgerFilter): ReadonlyArray<Transaction> {
    return [...this.#terminals.all()]
      .filter((terminal) => filter.key === undefined || filter.key === terminal.key)
      .flatMap((terminal) =>
        terminal.transactions.filter(
          ({ reference, payment }) => filter.reference === undefined || [reference, payment].includes(filter.reference)
        )
      )
  }

  summary(filter: LedgerFilter): ReadonlyArray<TerminalLedger> {
    const terminals = new Map<string, { readonly sums: Sums; readonly references: Map<string, Sums> }>()
    for (const transaction of this.transactions(filter)) {
      const { key } = transaction.terminal
      const entry = terminals.get(key) ?? { sums: emptySums(), references: new Map<string, Sums>() }
      terminals.set(key, entry)
      add(entry.sums, transaction)
      if (transaction.payment === undefined) continue
      const sums = entry.references.get(transaction.payment) ?? emptySums()
      entry.references.set(transaction.payment, sums)
      add(sums, transaction)
    }
    return [...terminals].map(([key, { sums, references }]) => ({
      key,
      ...sums,
      references: Object.fromEntries(references)
    }))
  }

  /** Call before the terminals forget the key. */
  reset(key?: string): void {
    const isKept = ({ terminal }: Transaction) => key !== undefined && terminal.key !== key
    const kept = this.transactions({}).filter(isKept)
    this.#byBric.clear()
    this.#byPair.clear()
    for (const transaction of kept.toSorted((a, b) => a.receivedAt - b.receivedAt)) this.#index(transaction)
  }

  #index(transaction: Transaction): void {
    const pair = pairKey(transaction.terminal.merchNbr, transaction.batchId, transaction.tranNbr)
    transaction.previous = this.#byPair.get(pair)
    this.#byPair.set(pair, transaction)
    this.#byBric.set(transaction.bric, transaction)
  }
}
