import type { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Stream } from "effect"
import { PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import type { TransactionStatus } from "../../src/domain/Transaction.ts"
import { Database } from "../../src/postgres/Database.ts"
import type { Statements } from "../../src/postgres/Gate.ts"
import { amountOf, type Books, isFirst, type PaymentBook, type TransactionRow } from "../../src/verification/Books.ts"
import { BooksRepo } from "../../src/verification/BooksRepo.ts"
import { standing } from "../../src/verification/GatewayBooks.ts"
import { violationsOf } from "../../src/verification/Inspection.ts"
import { alwaysCurrent } from "../support/AlwaysCurrent.ts"
import { contradictions } from "./Contradictions.ts"
import type { Fleet } from "./Fleet.ts"
import type { Network } from "./Network.ts"
import { repetitions } from "./Repetitions.ts"
import type { Storage } from "./Storage.ts"
import type { Clients } from "./Story.ts"
import type { World } from "./World.ts"

/** Something that must not be, and what led to it. */
export interface Violation {
  readonly rule: string
  readonly detail: string
  readonly history: ReadonlyArray<string>
}

/** What a scenario came to, in the books. */
export interface Verdict {
  readonly violations: ReadonlyArray<Violation>
  readonly counts: ReadonlyMap<string, number>
  /** Cents: captured less refunded, by our books and by EPX's. What people have to find out is left out. */
  readonly ours: number
  readonly theirs: number
  /** How long it took until the slowest charge was decided that was decided at all. */
  readonly slowest_s: number
  /** What stands in the queue of exceptions, a line each. */
  readonly exceptions: ReadonlyArray<string>
}

export interface Case {
  readonly world: World
  readonly storage: Storage
  readonly network: Network
  readonly fleet: Fleet
  readonly clients: Clients
  readonly isAtRest: boolean
}

/** Judges a scenario in which nothing moves any more. */
export const judge = async ({ clients, fleet, isAtRest, network, storage, world }: Case): Promise<Verdict> => {
  const books = await storage.observe(readBooks)
  const transactions = network.gateway.transactions({})
  const broken = violationsOf(books, { transactions, requests: network.requests }, world.now)
  for (const { payment, transactions } of books.payments) {
    world.trace.add(`${payment.id} ${payment.status} ${payment.captured} ${payment.refunded} ${payment.held}`, [
      payment.id
    ])
    for (const { id, resolved_by, status, type } of transactions) {
      world.trace.add(`${id} ${type} ${status} ${resolved_by}`, [payment.id])
    }
  }
  const payments = new Map(books.payments.map((book) => [book.payment.id, book]))
  const violations: Array<Violation> = []
  const violate = (rule: string, detail: string, id?: string | null) => {
    const book = id === null || id === undefined ? undefined : payments.get(id as PaymentBook["payment"]["id"])
    violations.push({ rule, detail, history: book === undefined ? [] : historyOf(world, book) })
  }
  if (!isAtRest) violate("everything comes to rest", "it did not")
  for (const defect of fleet.problems()) violate("no defect", defect)
  for (const defect of clients.defects) violate("no defect", defect)
  for (const refused of storage.refused) violate("no statement is refused", refused)
  for (const { detail, name, payment_id } of broken) violate(name, detail, payment_id)
  for (const { detail, paymentId } of repetitions(network.requests, books)) violate("sent once", detail, paymentId)
  for (const book of books.payments) {
    for (const detail of unfinished(book)) violate("everything is decided", detail, book.payment.id)
  }
  for (const { payment_id, took_s } of await storage.query(lateStatement)) {
    violate(`decided within ${bound}`, `it took ${took_s} s`, PaymentIds.fromUuid(String(payment_id)))
  }
  const isLate = (key: string) => storage.cameLate.has(key)
  const { excused, found: lies } = contradictions(clients.answers, { unanswered: clients.unanswered, isLate }, books)
  for (const { detail, paymentId } of lies) violate("clients are told the truth", detail, paymentId)
  const [slowest] = await storage.query(slowestStatement)
  const decided = books.payments.filter(({ payment }) => payment.doubts === 0)
  const ids = new Set<string>(decided.map(({ payment }) => payment.id))
  return {
    violations,
    counts: countsOf(books).set("refused, and done by a statement that came late", excused),
    exceptions: exceptionsOf(books),
    slowest_s: Number(slowest?.took_s),
    ours: decided.reduce((sum, { payment }) => sum + payment.captured - payment.refunded, 0),
    theirs: transactions
      .filter(({ reference }) => reference !== null && ids.has(reference))
      .reduce((sum, each) => sum + (signs[each.type] ?? 0) * standing(each), 0)
  }
}

const signs: Readonly<Record<string, number>> = { CCE1: 1, CCE4: 1, CCE9: -1 }

const readBooks = (sql: PgClient.PgClient): Promise<Books> => {
  const statements: Statements = (run) => run(sql)
  const pools = { pipelined: statements, plain: statements, background: statements, lagging: statements }
  const database = Database.of({ ...pools, listen: alwaysCurrent })
  const layer = BooksRepo.layer.pipe(Layer.provide(Layer.succeed(Database, database)))
  return Effect.gen(function* () {
    const repo = yield* BooksRepo
    const payments = yield* Stream.runCollect(repo.payments(null))
    const tombstones = yield* Stream.runCollect(repo.tombstones(null))
    return { payments, tombstones }
  }).pipe(Effect.provide(layer), Effect.runPromise)
}

/** What is neither decided nor left to people. */
const unfinished = ({ payment, transactions }: PaymentBook): ReadonlyArray<string> => {
  const found: Array<string> = []
  if (payment.status === "processing") found.push("it is processing for ever")
  for (const row of transactions) {
    const { id, next_attempt_at, status, type } = row
    if (status === "submitting") found.push(`${type} ${id} is submitting for ever`)
    if (status === "scheduled") found.push(`${type} ${id} is scheduled for ever`)
    if (status === "unknown" && next_attempt_at !== null) found.push(`${type} ${id} is unknown and in no queue`)
    const isUndone = transactions.some(({ reversal_of, status }) => reversal_of === id && status === "approved")
    if (isFirst(row) && status === "unknown" && isUndone) found.push(`${type} ${id} is unknown, but was reversed`)
  }
  return found
}

/** EPX's two minutes, and what it takes to write down how they ended. */
const bound = "130 seconds"

/** A reversal that was answered with yes ends all doubt at once, so only those of which none was may take longer. */
const lateStatement = `SELECT payment_id::text, extract(epoch FROM settled_at - created_at)::float8 AS took_s
  FROM transactions t WHERE type IN ('sale', 'authorization') AND settled_at > created_at + interval '${bound}'
    AND EXISTS (SELECT 1 FROM transactions r WHERE r.reversal_of = t.id AND r.type = 'reversal' AND r.status = 'approved')`

const slowestStatement = `SELECT coalesce(extract(epoch FROM max(settled_at - created_at)), 0)::float8 AS took_s
  FROM transactions WHERE type IN ('sale', 'authorization') AND status <> 'unknown'`

const answered: ReadonlySet<TransactionStatus> = new Set(["approved", "declined", "rejected"])

/** Own calls that nothing automatic will settle. */
const leftToPeople = ({ transactions }: PaymentBook): ReadonlyArray<TransactionRow> =>
  transactions.filter(
    ({ next_attempt_at, probe_of, reversal_of, status }) =>
      probe_of === null && reversal_of === null && status === "unknown" && next_attempt_at === null
  )

const second_ms = 1_000

/** A minute between two denials, or 90 seconds since the charge: Doubt.ts says why. */
const isConfirmed = (ages: ReadonlyArray<number>): boolean =>
  ages.length > 1 && (Math.max(...ages) - Math.min(...ages) >= 60 * second_ms || Math.max(...ages) >= 90 * second_ms)

const reversalsOf = ({ transactions }: PaymentBook, { created_at, id }: TransactionRow) => {
  const reversals = transactions.filter(({ reversal_of }) => reversal_of === id)
  const replies = reversals.filter(({ status }) => answered.has(status))
  const ages = replies.map((reply) => reply.created_at - created_at)
  const kind = isConfirmed(ages) ? "confirmed" : ages.length > 1 ? "unconfirmed" : ages.length === 1 ? "single" : "none"
  return { sent: reversals.length, ages, kind } as const
}

/** What was answered, where it did not suffice. A first denial says no more than that a second has to confirm it. */
const replies = {
  single: "one answered reversal",
  unconfirmed: "answered reversals too close together",
  confirmed: "confirmed answers"
}

const exceptionsOf = ({ payments }: Books): ReadonlyArray<string> =>
  payments.flatMap((book) =>
    leftToPeople(book).map((row) => {
      const { ages, sent } = reversalsOf(book, row)
      const when = ages.length === 0 ? "" : ` (at ${ages.map((age) => `${Math.round(age / second_ms)} s`).join(", ")})`
      return `${book.payment.id} ${row.type} ${amountOf(row)}: ${sent} reversals, ${ages.length} answered${when}`
    })
  )

const countsOf = ({ payments, tombstones }: Books): Map<string, number> => {
  const counts = new Map<string, number>([["keys cancelled before use", tombstones.length]])
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const book of payments) {
    count(`payments ${book.payment.status}`)
    for (const { resolved_by, status, type } of book.transactions) {
      if (resolved_by !== null) count(`resolved by ${resolved_by}: ${type} ${status}`)
    }
    for (const row of leftToPeople(book)) {
      count(`left to people: ${row.type}`)
      const { kind } = reversalsOf(book, row)
      if (kind !== "none") count(`left to people with ${replies[kind]}: ${row.type}`)
    }
  }
  return counts
}

const historyOf = (world: World, { payment, transactions }: PaymentBook): ReadonlyArray<string> => {
  const words = new Set<unknown>([payment.id, PaymentIds.toUuid(payment.id)])
  for (const { id, idempotency_key, tran_nbr } of transactions) {
    words.add(id).add(TransactionIds.toUuid(id)).add(String(tran_nbr))
    if (idempotency_key !== null) words.add(idempotency_key)
  }
  const rows = transactions.map((row) => `${row.id} ${row.type} ${row.status} ${amountOf(row)} ${row.tran_nbr}`)
  return [...world.trace.history(words), ...rows]
}
