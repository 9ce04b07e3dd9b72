import { isOwn, type PaymentBook, pairOf, type Tombstone, type TransactionRow } from "./Books.ts"
import { type Violation, violation } from "./Violation.ts"

/** Keys and pairs seen so far, across payments. */
export class Uniqueness {
  readonly #keys = new Set<string>()
  readonly #pairs = new Set<string>()

  payment({ payment, transactions }: PaymentBook): ReadonlyArray<Violation> {
    return transactions.flatMap((row) => {
      const subject = { payment: payment.id, transaction: row.id }
      const found: Array<Violation> = []
      if (row.idempotency_key !== null && !isOwn(row)) {
        found.push(violation("key_reused", subject, "an attempt at another call has a key of its own"))
      }
      if (row.status !== "failed" && !this.#isNew(this.#keys, keyOf(row))) {
        found.push(violation("key_reused", subject, `the key of this ${row.type} stands for something else too`))
      }
      if (row.type !== "reversal" && !this.#isNew(this.#pairs, pairOf(row))) {
        found.push(violation("pair_reused", subject, `the pair ${pairOf(row)} stands for something else too`))
      }
      return found
    })
  }

  tombstone(row: Tombstone): ReadonlyArray<Violation> {
    const detail = "a key that was cancelled before its use was used"
    return this.#isNew(this.#keys, keyOf(row)) ? [] : [violation("key_reused", { transaction: row.id }, detail)]
  }

  #isNew(seen: Set<string>, key: string | null): boolean {
    if (key === null) return true
    if (seen.has(key)) return false
    seen.add(key)
    return true
  }
}

const keyOf = ({ environment, idempotency_key, merchant_id }: Tombstone | TransactionRow): string | null =>
  idempotency_key === null ? null : `${merchant_id} ${environment} ${idempotency_key}`
