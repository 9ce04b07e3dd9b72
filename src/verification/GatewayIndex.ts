import { isFirst, type PaymentBook, pairOf, type TransactionRow } from "./Books.ts"
import {
  type GatewayBooks,
  type GatewayRequest,
  type GatewayTransaction,
  gatewayPairOf,
  requestPairOf
} from "./GatewayBooks.ts"

/** By which transaction of ours a call is known at the gateway. */
const typesOf: Readonly<Record<TransactionRow["type"], ReadonlyArray<string>>> = {
  sale: ["CCE1"],
  authorization: ["CCE2"],
  capture: ["CCE4"],
  refund: ["CCE9"],
  void: ["CCE7", "CCEX"],
  reversal: ["CCE7"]
}

const isTimeoutReversal = (type: string | undefined, attempt: string | null | undefined): boolean =>
  type === "CCE7" && attempt == null

/** The gateway's books by what they have in common with a row of ours; whatever was handed out is accounted for. */
export class GatewayIndex {
  readonly #transactions: Shelf<GatewayTransaction>
  readonly #requests: Shelf<GatewayRequest> | null

  constructor({ requests, transactions }: GatewayBooks) {
    this.#transactions = new Shelf(transactions, (found) => ({
      attempt: found.attempt,
      pair: gatewayPairOf(found),
      type: found.type
    }))
    this.#requests =
      requests === null
        ? null
        : new Shelf(requests, (found) => ({
            attempt: found.fields["USER_DATA_2"] ?? null,
            pair: requestPairOf(found),
            type: found.fields["TRAN_TYPE"] ?? ""
          }))
  }

  /** What the gateway did for a row. The reversals of one charge share a pair, so they are found by its row. */
  transactionsOf(row: TransactionRow): ReadonlyArray<GatewayTransaction> {
    return this.#transactions.of(row)
  }

  /** Null: the gateway keeps no log. */
  requestsOf(row: TransactionRow): ReadonlyArray<GatewayRequest> | null {
    return this.#requests === null ? null : this.#requests.of(row)
  }

  reversalsOf(charge: TransactionRow): ReadonlyArray<GatewayTransaction> {
    return isFirst(charge) ? this.#transactions.reversals(pairOf(charge)) : []
  }

  /** Timeout reversals that reached the gateway. Null: it keeps no log. */
  reversalRequestsOf(charge: TransactionRow): ReadonlyArray<GatewayRequest> | null {
    if (this.#requests === null) return null
    return isFirst(charge) ? this.#requests.reversals(pairOf(charge)) : []
  }

  /** What nobody asked for. */
  leftOver(): {
    readonly transactions: ReadonlyArray<GatewayTransaction>
    readonly requests: ReadonlyArray<GatewayRequest>
  } {
    return { transactions: this.#transactions.left(), requests: this.#requests?.left() ?? [] }
  }
}

interface Handle {
  /** USER_DATA_2. */
  readonly attempt: string | null
  readonly pair: string
  readonly type: string
}

class Shelf<A> {
  readonly #byAttempt = new Map<string, Array<A>>()
  readonly #byPair = new Map<string, Array<A>>()
  readonly #reversals = new Map<string, Array<A>>()
  readonly #handleOf: (item: A) => Handle
  readonly #left: Set<A>

  constructor(items: ReadonlyArray<A>, handleOf: (item: A) => Handle) {
    this.#handleOf = handleOf
    this.#left = new Set(items)
    for (const item of items) {
      const { attempt, pair, type } = handleOf(item)
      if (isTimeoutReversal(type, attempt)) push(this.#reversals, pair, item)
      else if (attempt === null) push(this.#byPair, pair, item)
      else push(this.#byAttempt, attempt, item)
    }
  }

  of(row: TransactionRow): ReadonlyArray<A> {
    const pair = pairOf(row)
    const named = this.#byAttempt.get(row.id) ?? []
    const unnamed = row.type === "reversal" || pair === null ? [] : (this.#byPair.get(pair) ?? [])
    // A request under the row's name with another pair or of another type is none of its own.
    return this.#take(
      [...named, ...unnamed],
      (handle) => handle.pair === pair && typesOf[row.type].includes(handle.type)
    )
  }

  reversals(pair: string | null): ReadonlyArray<A> {
    return this.#take(pair === null ? [] : (this.#reversals.get(pair) ?? []), () => true)
  }

  left(): ReadonlyArray<A> {
    return [...this.#left]
  }

  #take(items: ReadonlyArray<A>, isRight: (handle: Handle) => boolean): ReadonlyArray<A> {
    const taken = items.filter((item) => isRight(this.#handleOf(item)))
    for (const item of taken) this.#left.delete(item)
    return taken
  }
}

const push = <A>(map: Map<string, Array<A>>, key: string, item: A): void => {
  const items = map.get(key)
  if (items === undefined) map.set(key, [item])
  else items.push(item)
}

/** The rows that one intended call is made of: itself, its probes and its timeout reversals. */
export const attemptsAt = (row: TransactionRow, { transactions }: PaymentBook): ReadonlyArray<TransactionRow> =>
  transactions.filter(({ probe_of, reversal_of }) => probe_of === row.id || reversal_of === row.id)
