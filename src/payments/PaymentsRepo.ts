import { Context, Effect, Layer, Option, Predicate } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type PaymentId, PaymentIds } from "../domain/Ids.ts"
import type { Payment, PaymentField, SparsePayment, TransactionView, VersionedPayment } from "../domain/Payment.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { fewReads, makeBatches } from "../postgres/Batches.ts"
import { behind } from "../postgres/Behind.ts"
import { Database } from "../postgres/Database.ts"
import { paymentOf } from "../postgres/PaymentRow.ts"
import { rawRows } from "../postgres/Row.ts"
import { traced } from "../telemetry/Traced.ts"
import {
  findStatement,
  keyOf,
  listStatement,
  namedStatement,
  type PaymentPage,
  versionStatement
} from "./PaymentStatements.ts"
import { sparseOf } from "./SparsePayment.ts"

/** Reads of payments; each sees one tenant only. */
export class PaymentsRepo extends Context.Service<
  PaymentsRepo,
  {
    find(tenant: Tenant, id: PaymentId): Effect.Effect<Option.Option<VersionedPayment>, DatabaseUnavailable>
    /** Reads nothing else of it. */
    findVersion(tenant: Tenant, id: PaymentId): Effect.Effect<Option.Option<number>, DatabaseUnavailable>
    /** Those of the tenant, in one statement; of `fields`, or of all where that is null. */
    findAll(
      tenant: Tenant,
      ids: ReadonlyArray<PaymentId>,
      fields: ReadonlySet<PaymentField> | null
    ): Effect.Effect<ReadonlyMap<PaymentId, SparsePayment>, DatabaseUnavailable>
    list(tenant: Tenant, page: PaymentPage): Effect.Effect<ReadonlyArray<SparsePayment>, DatabaseUnavailable>
  }
>()("payment-service/payments/PaymentsRepo") {
  static readonly layer = Layer.effect(
    PaymentsRepo,
    Effect.gen(function* () {
      const database = yield* Database
      const { pipelined } = database
      const statements = behind(database)

      const together = {
        idOf: keyOf,
        rowIdOf: (row: unknown) => (Predicate.hasProperty(row, "asked_for") ? row.asked_for : undefined),
        kindOf: () => "payment",
        // A statement that takes too long is not helped by thirty more.
        mayRepeat: false,
        few: fewReads,
        // Two may well ask for the same payment.
        claimsOf: () => []
      }
      const { ask: findTogether } = yield* makeBatches({
        ...together,
        run: (asked) => rawRows(pipelined((sql) => findStatement(sql, asked)))
      })
      const { ask: findVersions } = yield* makeBatches({
        ...together,
        run: (asked) => rawRows(pipelined((sql) => versionStatement(sql, asked)))
      })

      const inSpan = traced("PaymentsRepo.find")
      const find = ({ environment, merchantId }: Tenant, id: PaymentId) =>
        inSpan(Effect.map(findTogether({ environment, merchantId, id }), Option.map(versionedOf)))

      const versionSpan = traced("PaymentsRepo.findVersion")
      const findVersion = ({ environment, merchantId }: Tenant, id: PaymentId) =>
        versionSpan(Effect.map(findVersions({ environment, merchantId, id }), Option.map(versionOf)))

      const list = Effect.fn("PaymentsRepo.list")(function* (tenant: Tenant, page: PaymentPage) {
        const place = page.before === null ? null : PaymentIds.toUuid(page.before)
        const rows = yield* rawRows(statements(place)((sql) => listStatement(sql, tenant, page)))
        return rows.map(asFields(page.fields))
      })

      const findAll = Effect.fn("PaymentsRepo.findAll")(function* (
        tenant: Tenant,
        ids: ReadonlyArray<PaymentId>,
        fields: ReadonlySet<PaymentField> | null
      ) {
        const rows = yield* rawRows(pipelined((sql) => namedStatement(sql, tenant, ids, fields)))
        return new Map(rows.map(asFields(fields)).map((payment) => [payment.id, payment]))
      })
      return PaymentsRepo.of({ find, findVersion, findAll, list })
    })
  )
}

// cast: the statements select this column.
const versionOf = (row: unknown): number => (row as { readonly version: number }).version

const versionedOf = (row: unknown): VersionedPayment => {
  const payment = paymentOf(row)
  return { payment, version: versionOf(row) + progressOf(payment) }
}

/** Reversals go on without the row of their payment; each of their steps makes this larger. */
const progressOf = ({ transactions }: Payment): number =>
  transactions.reduce((sum, each) => (each.type === "reversal" ? sum + stepOf(each) : sum), 0)

const stepOf = ({ response_code, status }: TransactionView): number => {
  if (status === "submitting") return 1
  if (status === "unknown") return response_code === null ? 2 : 3
  return 4
}

const asFields = (fields: ReadonlySet<PaymentField> | null) =>
  // cast: a row is an object.
  fields === null ? paymentOf : (row: unknown) => sparseOf(row as object, fields)
