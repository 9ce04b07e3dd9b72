import type { Effect, Layer } from "effect"
import type { tables } from "./Plan.ts"
import type { Recorder } from "./Recorder.ts"

type Repositories = Layer.Success<typeof Recorder.layer>

/** Something that is asked of the database, and what it may cost however much is in there. */
export interface Query {
  readonly name: string
  /** That lead to the rows. */
  readonly indexes: ReadonlyArray<string>
  readonly ask: Effect.Effect<unknown, unknown, Repositories>
  /** Rows that may be read of each table; none of the others. */
  readonly reads: Partial<Record<(typeof tables)[number], number>>
  /** Rows that may be put in order at once; where that is not said, the transactions of one payment. */
  readonly sorts?: number
}

/** Transactions that any one payment of the town has. */
export const perPayment = 2

/** What a list reads for a page of 25: one more tells whether there is another page. */
export const page = 26
