import { Context, Effect, Layer, Stream } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { MerchantId } from "../domain/Ids.ts"
import type { PaymentBook } from "./Books.ts"
import { BooksRepo } from "./BooksRepo.ts"
import { type GatewayBooks, merchNbrOf } from "./GatewayBooks.ts"
import { Inspection } from "./Inspection.ts"
import { isLeftToPeople } from "./Overdue.ts"
import type { Report } from "./Report.ts"
import type { Violation } from "./Violation.ts"

/** Reads all books and says what does not hold in them. */
export class Verification extends Context.Service<
  Verification,
  {
    /**
     * Of one merchant, or of all; against the gateway's books if there are any. Beside a service at work the two are
     * read at different moments, so that only a difference which is still there when it is looked for again counts.
     */
    verify<E = never, R = never>(
      merchantId: MerchantId | null,
      gateway: Effect.Effect<GatewayBooks, E, R> | null
    ): Effect.Effect<Report, DatabaseUnavailable | E, R>
  }
>()("payment-service/verification/Verification") {
  static readonly layer = Layer.effect(
    Verification,
    Effect.gen(function* () {
      const repo = yield* BooksRepo

      const look = Effect.fnUntraced(function* <E, R>(
        merchantId: MerchantId | null,
        readGateway: Effect.Effect<GatewayBooks, E, R> | null
      ): Effect.fn.Return<Report, DatabaseUnavailable | E, R> {
        // The gateway first: what it has done by now was on our books before.
        const gateway = readGateway === null ? null : oursIn(yield* readGateway, yield* repo.merchNbrs(merchantId))
        const inspection = new Inspection(gateway, yield* repo.now)
        const counts = { payments: 0, transactions: 0, entries: 0, events: 0, left: 0 }
        const violations: Array<Violation> = []
        const inspect = (book: PaymentBook) => {
          counts.payments += 1
          counts.transactions += book.transactions.length
          counts.entries += book.entries.length
          counts.events += book.events.length
          counts.left += book.transactions.filter(isLeftToPeople).length
          violations.push(...inspection.payment(book))
        }
        yield* Stream.runForEach(repo.payments(merchantId), (book) => Effect.sync(() => inspect(book)))
        yield* Stream.runForEach(repo.tombstones(merchantId), (row) =>
          Effect.sync(() => violations.push(...inspection.tombstone(row)))
        )
        violations.push(...inspection.rest())
        const { left, ...ours } = counts
        return {
          counts: {
            ...ours,
            gateway_transactions: gateway?.transactions.length ?? null,
            gateway_requests: gateway?.requests?.length ?? null
          },
          left_to_people: left,
          violations
        }
      })

      /** What of the report is still so a moment later. */
      const confirm = Effect.fnUntraced(function* <E, R>(report: Report, again: Effect.Effect<Report, E, R>) {
        if (report.violations.length === 0) return report
        yield* Effect.sleep(pause)
        const seen = new Set(report.violations.map(subjectOf))
        const later = yield* again
        return { ...later, violations: later.violations.filter((found) => seen.has(subjectOf(found))) }
      })

      return Verification.of({
        verify: Effect.fn("Verification.verify")(function* (merchantId, gateway) {
          const again = look(merchantId, gateway)
          return yield* confirm(yield* confirm(yield* again, again), again)
        })
      })
    })
  )
}

/** Long enough for a settle that was on its way. */
const pause = "1 second"

const subjectOf = ({ detail, name, payment_id, transaction_id }: Violation) =>
  // Without a row of ours the detail alone says what it is about.
  [name, payment_id, transaction_id, payment_id === null ? detail : ""].join(" ")

/** The part of the gateway's books that is under our terminals. */
const oursIn = ({ requests, transactions }: GatewayBooks, merchNbrs: ReadonlySet<string>): GatewayBooks => ({
  transactions: transactions.filter(({ key }) => merchNbrs.has(merchNbrOf(key))),
  requests: requests?.filter(({ key }) => merchNbrs.has(merchNbrOf(key))) ?? null
})
