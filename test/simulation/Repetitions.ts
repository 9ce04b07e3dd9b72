import { type Books, isFirst, pairOf } from "../../src/verification/Books.ts"
import { type GatewayRequest, requestPairOf } from "../../src/verification/GatewayBooks.ts"

interface Repetition {
  readonly detail: string
  readonly paymentId: string | null
}

/** They move money each time they arrive, so nothing may try them again, not even as a row of its own. */
const sentOnce: ReadonlySet<string> = new Set(["CCE1", "CCE2", "CCE9"])

/** What reached EPX more often than it was meant to: all but those repeat as rows with `probe_of` or `reversal_of`. */
export const repetitions = (
  requests: ReadonlyArray<GatewayRequest>,
  { payments }: Books
): ReadonlyArray<Repetition> => {
  const most = new Map<string, number>()
  const paymentOf = new Map<string, string>()
  const isTriedAgain = new Set<string>()
  for (const { payment, transactions } of payments) {
    for (const row of transactions) {
      const { id, probe_of, reversal_of } = row
      if (probe_of !== null || reversal_of !== null) isTriedAgain.add(id)
      most.set(id, 1)
      paymentOf.set(id, payment.id)
      const pair = isFirst(row) ? pairOf(row) : null
      if (pair === null) continue
      // A timeout reversal is known by the pair of its charge alone.
      most.set(pair, transactions.filter((other) => other.reversal_of === id).length)
      paymentOf.set(pair, payment.id)
    }
  }
  const came = new Map<string, number>()
  return requests.flatMap((request): ReadonlyArray<Repetition> => {
    const { TRAN_TYPE: type = "", USER_DATA_2: id } = request.fields
    const name = id ?? requestPairOf(request)
    const times = (came.get(name) ?? 0) + 1
    came.set(name, times)
    const paymentId = paymentOf.get(name) ?? null
    if (sentOnce.has(type) && isTriedAgain.has(name)) return [{ detail: `${type} ${name} is an attempt`, paymentId }]
    const allowed = most.get(name) ?? 0
    return times <= allowed ? [] : [{ detail: `${type} ${name}: ${times} requests for ${allowed} rows`, paymentId }]
  })
}
