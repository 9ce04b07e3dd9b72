import type { Answer } from "./Answer.ts"
import type { Cards } from "./Cards.ts"
import type { Forced } from "./faults/Fault.ts"
import type { Generator } from "./Generator.ts"
import type { Ledger } from "./Ledger.ts"
import type { KnownRequest, Refusal } from "./Request.ts"
import type { Settlement } from "./Settlement.ts"
import type { Transaction } from "./Transaction.ts"

/** What the issuer made of a request: the answer it would get, and the deed, which a fault may put off or drop. */
export interface Outcome {
  readonly answer: Answer
  /** Absent when there is nothing to do. It gives what was written into the books. */
  readonly commit?: () => Transaction | undefined
}

/** What a transaction type works with. */
export interface Books {
  readonly ledger: Ledger
  readonly cards: Cards
  readonly generator: Generator
  readonly settlement: Settlement
}

/** One TRAN_TYPE. A new type is one file and one line in the catalogue. */
export interface TransactionType {
  /** Refuses what is missing or does not fit together, before anything is looked up. */
  readonly check: (request: KnownRequest) => Refusal | undefined
  /** Whether the type may not repeat a pair. */
  readonly ownsPair: boolean
  readonly run: (request: KnownRequest, books: Books, forced: Forced | undefined) => Outcome
}
