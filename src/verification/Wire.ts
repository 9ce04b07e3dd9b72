import type { PaymentBook } from "./Books.ts"
import { type GatewayRequest, requestPairOf } from "./GatewayBooks.ts"
import { attemptsAt, type GatewayIndex } from "./GatewayIndex.ts"
import { type Violation, violation } from "./Violation.ts"

/** Every row is sent once at most, and one that counts as not sent never. */
export const wireViolations = (book: PaymentBook, gateway: GatewayIndex): ReadonlyArray<Violation> =>
  book.transactions.flatMap((row) => {
    const found: Array<Violation> = []
    const complain = (name: Violation["name"], detail: string) =>
      found.push(violation(name, { payment: book.payment.id, transaction: row.id }, detail))
    const sent = gateway.requestsOf(row)?.length ?? 0
    if (sent > 1) complain("sent_twice", `${row.type} reached the gateway ${sent} times`)
    // Failed by itself, and not because EPX denied knowing it.
    const isUnsent = row.status === "failed" && row.resolved_by === null
    if (isUnsent && sent > 0) complain("sent_unrecorded", `${row.type} is on record as not sent`)
    // Timeout reversals carry nothing but the pair of their charge, so they are counted.
    const reversed = gateway.reversalRequestsOf(row)?.length ?? 0
    const reversals = attemptsAt(row, book).filter(({ status, type }) => type === "reversal" && status !== "failed")
    if (reversed > reversals.length) complain("sent_unrecorded", `${reversed} reversals for ${reversals.length} rows`)
    return found
  })

/** Requests that no row of any payment accounts for. */
export const strayRequests = (left: ReadonlyArray<GatewayRequest>): ReadonlyArray<Violation> =>
  left.map((request) => {
    const { TRAN_TYPE, USER_DATA_2 } = request.fields
    return violation("sent_unrecorded", {}, `${TRAN_TYPE} ${requestPairOf(request)} of ${USER_DATA_2 ?? "nobody"}`)
  })
