import type { GatewayState } from "../Gateway.ts"
import type { Terminal } from "../Terminals.ts"
import type { Transaction } from "../Transaction.ts"
import { batchOf, detailsOf, rowOf } from "./Row.ts"

/** What was asked for, already known to be from the terminal itself. */
export interface Question {
  readonly terminal: Terminal
  readonly method: string
  /** The parts of the path below the base URL. */
  readonly path: ReadonlyArray<string>
  readonly query: URLSearchParams
  /** Simulated epoch milliseconds. */
  readonly now: number
  /** What a fault leaves of a list. */
  readonly editList: (rows: ReadonlyArray<Transaction>) => ReadonlyArray<Transaction>
}

/** The `data` of an answer with what it tells of, or why there is none. */
export type Finding =
  | { readonly data: unknown; readonly shown: ReadonlyArray<Transaction> }
  | { readonly status: 400 | 404 | 405; readonly error: string }

const notFound: Finding = { status: 404, error: "transaction not found" }

const listed: ReadonlySet<string> = new Set(["CCE1", "CCE2", "CCE4", "CCE9"])

const isListed = ({ type, isDone, bookedAt, terminal: { profile } }: Transaction, now: number): boolean =>
  listed.has(type) &&
  (isDone || profile.listing_includes_declines) &&
  bookedAt + profile.listing_lag_seconds * 1000 <= now

/** Every terminal of the same CUST_NBR, MERCH_NBR and DBA_NBR. */
const isSameDba = (one: string, other: string): boolean =>
  one.split("-").slice(0, 3).join("-") === other.split("-").slice(0, 3).join("-")

const list = ({ terminal, query, now, editList }: Question, { terminals }: GatewayState): Finding => {
  const detail = query.get("detail")
  if ([...query.keys()].some((name) => name !== "detail") || (detail !== null && detail !== "dba")) {
    return { status: 400, error: "unknown parameter" }
  }
  const all = [...terminals.all()].filter(({ key }) =>
    detail === null ? key === terminal.key : isSameDba(key, terminal.key)
  )
  const found = all.flatMap(({ transactions }) => transactions.filter((each) => isListed(each, now)))
  const shown = editList(found.toSorted((one, other) => one.bookedAt - other.bookedAt))
  return { data: { rowCount: `${shown.length}`, rows: shown.map(rowOf) }, shown }
}

const one = ({ terminal }: Question, { ledger }: GatewayState, bric: string, types: ReadonlyArray<string>): Finding => {
  const found = ledger.findBric(terminal.merchNbr, bric)
  return found === undefined || !types.includes(found.type) ? notFound : { data: detailsOf(found), shown: [found] }
}

const batch = ({ terminal, now, editList }: Question, batchId: string): Finding => {
  const found = terminal.transactions.filter((each) => each.batchId === batchId && isListed(each, now))
  if (found.length === 0) return { status: 404, error: "batch not found" }
  const shown = editList(found)
  return { data: batchOf(batchId, shown), shown }
}

/** Answers a look-up from the books. */
export const find = (question: Question, state: GatewayState): Finding => {
  const [resource = "", id] = question.path
  const isKnown = id === undefined ? ["ping", "sale"] : ["sale", "refund", "batch"]
  if (question.path.length > 2 || !isKnown.includes(resource)) return { status: 404, error: "resource not found" }
  if (question.method !== "GET") return { status: 405, error: "method not allowed" }
  if (resource === "ping") return { data: null, shown: [] }
  if (id === undefined) return list(question, state)
  if (resource === "batch") return batch(question, id)
  return one(question, state, id, resource === "refund" ? ["CCE9"] : ["CCE1", "CCE2", "CCE4"])
}
