import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, Schema, Stream } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { MerchantId, PaymentId } from "../domain/Ids.ts"
import { Database } from "../postgres/Database.ts"
import { rowsOf } from "../postgres/Row.ts"
import { PaymentBook, Tombstone } from "./Books.ts"
import * as Statements from "./BooksStatements.ts"

/** Reads everything there is, in statements that each end well within their time, beside a service that is at work. */
export class BooksRepo extends Context.Service<
  BooksRepo,
  {
    /** In the order of their ids; of one merchant, or of all. Each payment is read as of one moment. */
    payments(merchantId: MerchantId | null): Stream.Stream<PaymentBook, DatabaseUnavailable>
    /** Those of them that there are. */
    paymentsOf(ids: ReadonlyArray<PaymentId>): Effect.Effect<ReadonlyArray<PaymentBook>, DatabaseUnavailable>
    tombstones(merchantId: MerchantId | null): Stream.Stream<Tombstone, DatabaseUnavailable>
    /** The MERCH_NBRs of the terminals. */
    merchNbrs(merchantId: MerchantId | null): Effect.Effect<ReadonlySet<string>, DatabaseUnavailable>
    /** Milliseconds since 1970 by the database's clock. */
    readonly now: Effect.Effect<number, DatabaseUnavailable>
  }
>()("payment-service/verification/BooksRepo") {
  static readonly layer = Layer.effect(
    BooksRepo,
    Effect.gen(function* () {
      const { plain } = yield* Database

      /** Page after page, each from behind the last row of the one before. */
      const pages = <A, Id>(
        read: (sql: PgClient.PgClient, after: Id | null) => Effect.Effect<ReadonlyArray<A>, DatabaseUnavailable>,
        idOf: (row: A) => Id
      ) =>
        Stream.paginate<Id | null, A, DatabaseUnavailable>(null, (after) =>
          Effect.map(
            plain((sql) => read(sql, after)),
            (rows) => [
              rows,
              rows.length < pageSize ? Option.none() : Option.map(Option.fromNullishOr(rows.at(-1)), idOf)
            ]
          )
        )

      return BooksRepo.of({
        payments: (merchantId) =>
          pages(
            (sql, after: PaymentId | null) =>
              books(Statements.booksStatement(sql, { after, limit: pageSize, merchantId })),
            ({ payment }) => payment.id
          ),
        paymentsOf: Effect.fn("BooksRepo.paymentsOf")((ids: ReadonlyArray<PaymentId>) =>
          books(plain((sql) => Statements.booksOfStatement(sql, ids)))
        ),
        tombstones: (merchantId) =>
          pages(
            (sql, after: Tombstone["id"] | null) =>
              tombstones(Statements.tombstonesStatement(sql, { after, limit: pageSize, merchantId })),
            ({ id }) => id
          ),
        merchNbrs: Effect.fn("BooksRepo.merchNbrs")((merchantId: MerchantId | null) =>
          Effect.map(
            merchNbrs(plain((sql) => Statements.merchNbrsStatement(sql, merchantId))),
            (rows) => new Set(rows.map(({ merch_nbr }) => merch_nbr))
          )
        ),
        now: Effect.map(times(plain(Statements.nowStatement)), ([row]) => row?.now ?? 0)
      })
    })
  )
}

const pageSize = 1000

const books = rowsOf(PaymentBook)
const tombstones = rowsOf(Tombstone)
const merchNbrs = rowsOf(Schema.Struct({ merch_nbr: Schema.String }))
const times = rowsOf(Schema.Struct({ now: Schema.Finite }))
