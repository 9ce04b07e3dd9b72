import type { Terminals } from "./Terminals.ts"
import { standing, type Transaction } from "./Transaction.ts"

/** Sums in cents. */
interface LedgerLine {
  /** On hold by authorizations. */
  readonly held: number
  /** Sold, and so captured when the batch closes. */
  readonly captured: number
  /** Given back by reversals. */
  readonly released: number
  /** What the cardholder is out of: held and captured. */
  readonly net: number
  readonly approved: number
  readonly declined: number
  readonly reversals: number
  /** Approvals that still stand. More than one for one reference is a double charge. */
  readonly standing: number
}

/** The sums of one four-part key, in all and by USER_DATA_1. */
export interface TerminalLedger extends LedgerLine {
  readonly key: string
  readonly references: { readonly [reference: string]: LedgerLine }
}

/** Which part of the books to read. */
export interface LedgerFilter {
  /** A four-part key, joined by `-`. */
  readonly key?: string | undefined
  /** USER_DATA_1. */
  readonly reference?: string | undefined
}

type Sums = { -readonly [field in keyof LedgerLine]: LedgerLine[field] }

const emptySums = (): Sums => ({
  held: 0,
  captured: 0,
  released: 0,
  net: 0,
  approved: 0,
  declined: 0,
  reversals: 0,
  standing: 0
})

const add = (sums: Sums, transaction: Transaction): void => {
  if (transaction.type === "CCE7") {
    if (transaction.target !== undefined) sums.reversals += 1
    return
  }
  if (transaction.amount === 0) {
    sums.declined += 1
    return
  }
  const left = standing(transaction)
  sums.approved += 1
  sums.released += transaction.released
  sums.net += left
  if (transaction.type === "CCE1") sums.captured += left
  else sums.held += left
  if (left > 0) sums.standing += 1
}

const pairKey = (merchNbr: string, batchId: string, tranNbr: string): string => `${merchNbr}/${batchId}/${tranNbr}`

/** What really happened, whatever the clients were told. */
export class Ledger {
  readonly #terminals: Terminals
  readonly #byBric = new Map<string, Transaction>()
  readonly #byPair = new Map<string, Transaction>()

  constructor(terminals: Terminals) {
    this.#terminals = terminals
  }

  commit(transaction: Transaction): void {
    this.#index(transaction)
    transaction.terminal.transactions.push(transaction)
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
          ({ reference }) => filter.reference === undefined || filter.reference === reference
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
      if (transaction.reference === undefined) continue
      const sums = entry.references.get(transaction.reference) ?? emptySums()
      entry.references.set(transaction.reference, sums)
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
