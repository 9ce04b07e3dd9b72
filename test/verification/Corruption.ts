import { TransactionStatus } from "../../src/domain/Transaction.ts"
import { type Life, merchantId } from "./Life.ts"

/** One field of one row, changed. */
export interface Corruption {
  readonly what: string
  readonly apply: () => void
}

const set = <A extends object>(row: A, change: Partial<A>): void => {
  Object.assign(row, change)
}

const numbers = [
  "authorized",
  "captured",
  "refunded",
  "pending_capture",
  "pending_refund",
  "calls",
  "doubts",
  "capturable",
  "refundable",
  "held"
] as const

const ofPayment = ({ payment }: Life): ReadonlyArray<Corruption> => [
  ...numbers.map((column) => ({
    what: `payment.${column}`,
    apply: () => set(payment, { [column]: payment[column] + 1 })
  })),
  { what: "payment.pending_void", apply: () => set(payment, { pending_void: !payment.pending_void }) },
  {
    what: "payment.type",
    apply: () => set(payment, { type: payment.type === "sale" ? "authorization" : "sale" })
  },
  {
    what: "payment.first_status",
    apply: () => set(payment, { first_status: payment.first_status === "failed" ? "approved" : "failed" })
  },
  {
    what: "payment.status",
    apply: () => set(payment, { status: payment.status === "returned" ? "captured" : "returned" })
  },
  { what: "payment.merchant_id", apply: () => set(payment, { merchant_id: merchantId(2) }) },
  { what: "payment.environment", apply: () => set(payment, { environment: "live" }) }
]

const ofTransaction = (life: Life, row: Life["first"]): ReadonlyArray<Corruption> => {
  const isOwn = row.probe_of === null && row.type !== "reversal"
  const isSent = life.requests.some(({ fields }) => fields["USER_DATA_2"] === row.id)
  const isCounted = isOwn && row.type !== "void" && ["approved", "settled"].includes(row.status)
  const other = life.transactions.find(
    (each) => each !== row && each.idempotency_key !== null && each.status !== "failed" && row.status !== "failed"
  )
  const change = (what: string, apply: () => void) => ({ what: `${row.type} ${row.status}: ${what}`, apply })
  return [
    ...(isOwn ? TransactionStatus.literals.filter((status) => status !== row.status) : []).map((status) =>
      change(`status ${status}`, () => set(row, { status: status }))
    ),
    ...(isCounted ? [change("amount", () => set(row, { amount: row.amount + 1 }))] : []),
    ...(isCounted ? [change("amount_approved", () => set(row, { amount_approved: row.amount - 1 }))] : []),
    ...(row.target_id === null ? [] : [change("target_id", () => set(row, { target_id: null }))]),
    ...(row.probe_of === null ? [] : [change("probe_of", () => set(row, { probe_of: null }))]),
    ...(row.reversal_of === null ? [] : [change("reversal_of", () => set(row, { reversal_of: null }))]),
    ...(row.done_by === null ? [] : [change("done_by", () => set(row, { done_by: null }))]),
    ...(isSent ? [change("tran_nbr", () => set(row, { tran_nbr: 9_999_999_999 }))] : []),
    ...(other === undefined ? [] : [change("key", () => set(row, { idempotency_key: other.idempotency_key }))]),
    change("merchant_id", () => set(row, { merchant_id: merchantId(2) })),
    change("environment", () => set(row, { environment: "live" })),
    change("terminal", () => set(row, { has_own_terminal: false })),
    change("refunded", () => set(row, { refunded: row.refunded + 1 })),
    change("pending_refund", () => set(row, { pending_refund: row.pending_refund + 1 }))
  ]
}

const ofEntries = ({ entries }: Life): ReadonlyArray<Corruption> =>
  entries.flatMap((entry, index) => [
    { what: "entry.amount", apply: () => set(entry, { amount: entry.amount + 1 }) },
    { what: "entry.account", apply: () => set(entry, { account: entry.account === "held" ? "settled" : "held" }) },
    { what: "entry.currency", apply: () => set(entry, { currency: "EUR" }) },
    { what: "entry removed", apply: () => void entries.splice(index, 1) },
    { what: "entry doubled", apply: () => void entries.push({ ...entry }) }
  ])

const ofEvents = ({ events }: Life): ReadonlyArray<Corruption> =>
  events.flatMap((event, index) => [
    { what: `event ${event.type}: type`, apply: () => set(event, { type: "payment.created" }) },
    { what: `event ${event.type}: merchant_id`, apply: () => set(event, { merchant_id: merchantId(2) }) },
    { what: `event ${event.type}: environment`, apply: () => set(event, { environment: "live" }) },
    { what: `event ${event.type} removed`, apply: () => void events.splice(index, 1) },
    { what: `event ${event.type} doubled`, apply: () => void events.push({ ...event }) }
  ])

/** Every change of a single field that must not go unseen. */
export const corruptionsOf = (life: Life): ReadonlyArray<Corruption> => [
  ...ofPayment(life),
  ...life.transactions.flatMap((row) => ofTransaction(life, row)),
  ...ofEntries(life),
  ...ofEvents(life)
]
