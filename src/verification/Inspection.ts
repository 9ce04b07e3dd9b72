import type { Books, PaymentBook, Tombstone } from "./Books.ts"
import { clearTextViolations } from "./ClearText.ts"
import { effectViolations, strayEffects } from "./Effects.ts"
import { foldViolations, limitViolations } from "./Fold.ts"
import type { GatewayBooks } from "./GatewayBooks.ts"
import { GatewayIndex } from "./GatewayIndex.ts"
import { historyViolations } from "./History.ts"
import { ledgerViolations } from "./LedgerBalance.ts"
import { overdueViolations } from "./Overdue.ts"
import { referenceViolations } from "./References.ts"
import { Uniqueness } from "./Uniqueness.ts"
import type { Violation } from "./Violation.ts"
import { strayRequests, wireViolations } from "./Wire.ts"

/** One reading of the books, payment by payment, so that they need not be held in memory all at once. */
export class Inspection {
  readonly #gateway: GatewayIndex | null
  readonly #now: number
  readonly #uniqueness = new Uniqueness()

  /** `now` is milliseconds since 1970 by the clock of our database. */
  constructor(gateway: GatewayBooks | null, now: number) {
    this.#gateway = gateway === null ? null : new GatewayIndex(gateway)
    this.#now = now
  }

  payment(book: PaymentBook): ReadonlyArray<Violation> {
    const gateway = this.#gateway
    return [
      ...referenceViolations(book),
      ...foldViolations(book),
      ...limitViolations(book),
      ...historyViolations(book),
      ...ledgerViolations(book),
      ...overdueViolations(book, this.#now),
      ...clearTextViolations(book),
      ...this.#uniqueness.payment(book),
      ...(gateway === null ? [] : [...effectViolations(book, gateway), ...wireViolations(book, gateway)])
    ]
  }

  tombstone(row: Tombstone): ReadonlyArray<Violation> {
    return this.#uniqueness.tombstone(row)
  }

  /** What is left at the gateway once every payment has been looked at. */
  rest(): ReadonlyArray<Violation> {
    const left = this.#gateway?.leftOver()
    return left === undefined ? [] : [...strayEffects(left.transactions), ...strayRequests(left.requests)]
  }
}

/** Everything that does not hold in the books; with the gateway's, between the two as well. */
export const violationsOf = (books: Books, gateway: GatewayBooks | null, now: number): ReadonlyArray<Violation> => {
  const inspection = new Inspection(gateway, now)
  return [
    ...books.payments.flatMap((book) => inspection.payment(book)),
    ...books.tombstones.flatMap((row) => inspection.tombstone(row)),
    ...inspection.rest()
  ]
}
