import { Effect, Schema, Stream } from "effect"
import { MerchantIds } from "../../src/domain/Ids.ts"
import { isOwn, type PaymentBook, type TransactionRow } from "../../src/verification/Books.ts"
import { violationsOf } from "../../src/verification/Inspection.ts"
import { type Cell, faults, nameOf } from "./Cells.ts"
import type { Stand } from "./Stand.ts"
import type { Run } from "./Wave.ts"

/** What a cell came to. */
export interface Verdict {
  readonly cell: Cell
  /** The fault met a request. */
  readonly hasFired: boolean
  readonly laterFaults: number
  /** The call was due at the gateway, and was carried out there. */
  readonly isDue: boolean
  readonly isObserved: boolean
  readonly isLeftToPeople: boolean
  readonly violations: ReadonlyArray<string>
}

const isHeldBack = ({ blow, boundary }: Cell) => boundary === "claimed" && blow !== "abandoned"

/** Whether EPX must have carried the call out, whatever anybody was told. */
const isDue = ({ fault, operation, ...cell }: Cell): boolean =>
  fault !== "request_lost" &&
  fault !== "late" &&
  !isHeldBack({ ...cell, fault, operation }) &&
  operation.name !== "reversal of nothing" &&
  operation.name !== "probe of void that was done" &&
  operation.name !== "probe of capture"

/** Nothing went wrong, but that the client asked twice. */
const isUndisturbed = ({ after, blow, fault }: Cell): boolean =>
  blow === "abandoned" && after === "none" && (fault === "none" || fault === "duplicated")

/**
 * Where a process died or hung, or the first reversal was lost, two denials a minute apart fit into EPX's two minutes
 * just so, or not at all. If EPX never had the charge, nothing proves that then.
 */
const isDeniedLate = ({ after, blow, fault, operation, ...cell }: Cell): boolean =>
  (operation.type === "sale" || operation.type === "authorization" || operation.name === "reversal of nothing") &&
  (after !== "none" ||
    (blow !== "abandoned" && fault === "request_lost") ||
    (fault !== "none" && isHeldBack({ ...cell, after, blow, fault, operation })))

/** Where people may have to find out: nothing may be tried again, or nothing that was tried came through. */
const mayBeLeftToPeople = (cell: Cell): boolean =>
  cell.operation.isRefund || cell.after === "all_lost" || isDeniedLate(cell)

const Told = Schema.Struct({ status: Schema.String, id: Schema.String })
const isTold = Schema.is(Told)

/** Judges each cell of a wave that has come to rest. */
export const judge = Effect.fnUntraced(function* ({ books, simulator }: Stand, runs: ReadonlyArray<Run>) {
  const found = yield* Effect.orDie(Stream.runCollect(books.payments(null)))
  const now = yield* Effect.orDie(books.now)
  const byMerchant = Map.groupBy(found, ({ payment }) => MerchantIds.toUuid(payment.merchant_id))
  const transactions = Map.groupBy(yield* simulator.transactions(), ({ key }) => key)
  const requests = Map.groupBy(yield* simulator.requests(), ({ key }) => key)
  const scenarios = Map.groupBy(yield* simulator.scenarios.list(), ({ key }) => key)
  const doubled = Map.groupBy(
    [...(yield* simulator.doubleCharges()), ...(yield* simulator.doubleRefunds())],
    ({ key }) => key
  )
  return runs.map((run): Verdict => {
    const { cell, shop } = run
    const own = requests.get(shop.terminal) ?? []
    const sent = own.filter(({ fault, fields }) => fault !== "COPY" && isCall(fields.TRAN_TYPE))
    const done = transactions.get(shop.terminal) ?? []
    const payments = byMerchant.get(shop.merchantId) ?? []
    const gateway = { transactions: done, requests: sent }
    const used = scenarios.get(shop.terminal) ?? []
    const fault = used[cell.operation.causes.length]
    const heard = sent.length - run.heard
    const hasFired = (fault?.fired ?? 0) > 0 && fault?.effect === faults[cell.fault]
    const later = used.slice(cell.operation.causes.length + 1).reduce((sum, { fired }) => sum + fired, 0)
    const observed = done.some(
      (each) =>
        cell.operation.tranTypes.includes(each.type) &&
        (each.amount > 0 || (each.state === "done" && each.code === "00"))
    )
    const parked = payments.flatMap((book) => book.transactions.filter(isParked))
    const problems = [
      ...run.problems,
      ...violationsOf({ payments, tombstones: [] }, gateway, now).map(
        ({ detail, name, payment_id, transaction_id }) => `${name} ${transaction_id ?? payment_id ?? ""}: ${detail}`
      ),
      ...(doubled.get(shop.terminal) ?? []).map(() => "money moved twice at the gateway"),
      ...(payments.filter(({ payment }) => payment.status !== "failed").length <= 1 ? [] : ["two payments"]),
      ...payments
        .flatMap(({ transactions }) => transactions.filter(isRestless))
        .map(({ status, type }) => `${type} is still ${status}`),
      ...(hasFired || heard <= cell.operation.causes.length ? [] : ["the fault met no request"]),
      ...(isDue(cell) && !observed ? ["the gateway never carried the call out"] : []),
      ...(parked.length > 0 && !mayBeLeftToPeople(cell) ? [`${parked[0]?.type} was left to people`] : []),
      ...toldWrongly(run, payments),
      ...(run.isMisled && !hasFailed(run, payments) ? ["the client was told that nothing was sent"] : []),
      ...(isUndisturbed(cell) ? ends(run, payments) : [])
    ]
    return {
      cell,
      hasFired,
      laterFaults: later,
      isDue: isDue(cell),
      isObserved: observed,
      isLeftToPeople: parked.length > 0,
      violations: problems.map((problem) => `${nameOf(cell)}: ${problem}`)
    }
  })
})

const isCall = (type: string | undefined) => type !== "LOOKUP" && type !== "CCEZ"

const isParked = (row: TransactionRow) => isOwn(row) && row.status === "unknown" && row.next_attempt_at === null

const isRestless = (row: TransactionRow) =>
  isOwn(row) &&
  (row.status === "submitting" || row.status === "scheduled" || (row.status === "unknown" && !isParked(row)))

/** A decided answer must be what stands in the end, and one key must have one answer. */
const toldWrongly = ({ answers }: Run, payments: ReadonlyArray<PaymentBook>): ReadonlyArray<string> =>
  answers.flatMap(({ json, status }) => {
    if (status === 202 || status === 503) return []
    if (status !== 201 || !isTold(json)) return [`the client was told ${status} ${JSON.stringify(json)}`]
    const payment = payments.find(({ payment }) => payment.id === json.id)?.payment
    return payment?.status === json.status ? [] : [`the client was told ${json.status}, and it is ${payment?.status}`]
  })

const hasFailed = ({ key }: Run, payments: ReadonlyArray<PaymentBook>): boolean =>
  payments.some(({ transactions }) =>
    transactions.some(({ idempotency_key, status }) => idempotency_key === key && status === "failed")
  )

/** The row that was asked for, or that waited, is as it should be. */
const ends = ({ cell, key }: Run, payments: ReadonlyArray<PaymentBook>): ReadonlyArray<string> => {
  const rows = payments.flatMap(({ transactions }) => transactions)
  const { ask, end } = cell.operation
  const row =
    ask === null ? rows.find(({ type }) => type === "refund") : rows.find((each) => each.idempotency_key === key)
  // The day may be over by then.
  const isRight = row?.status === end || (end === "approved" && row?.status === "settled")
  return isRight ? [] : [`nothing went wrong, and it is ${row?.status} instead of ${end}`]
}
