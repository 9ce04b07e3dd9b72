import { MerchantIds, PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import type { PaymentStatus } from "../../src/domain/Payment.ts"
import type { TransactionStatus, TransactionType } from "../../src/domain/Transaction.ts"
import type { EntryRow, EventRow, PaymentRow, TransactionRow } from "../../src/verification/Books.ts"
import type { GatewayRequest, GatewayTransaction } from "../../src/verification/GatewayBooks.ts"

type Open<A> = { -readonly [K in keyof A]: A[K] }

const uuid = (n: number) => `01970000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`

export const merchantId = (n: number) => MerchantIds.fromUuid(uuid(n))

const gatewayTypes = {
  sale: "CCE1",
  authorization: "CCE2",
  capture: "CCE4",
  refund: "CCE9",
  void: "CCEX",
  reversal: "CCE7"
}

/** What became of a call: what its answer said, or what the gateway did though no answer came. */
export type Ending = "approved" | "declined" | "rejected" | "not_sent" | "lost_done" | "lost_undone"

let made = 0

/** The moment at which all books here are read, in milliseconds. */
export const now = 1_800_000_000_000

/** The life of one payment, written down the way the service and the gateway write it, and a second time so. */
export class Life {
  readonly payment: Open<PaymentRow>
  readonly transactions: Array<Open<TransactionRow>> = []
  readonly entries: Array<Open<EntryRow>> = []
  readonly events: Array<Open<EventRow>> = []
  readonly gateway: Array<Open<GatewayTransaction>> = []
  readonly requests: Array<GatewayRequest> = []
  readonly first: Open<TransactionRow>

  constructor(type: "sale" | "authorization", amount: number, multiple_captures = false) {
    this.payment = {
      id: PaymentIds.fromUuid(uuid(++made)),
      merchant_id: merchantId(1),
      environment: "test",
      type,
      first_status: "submitting",
      status: "processing",
      currency: "USD",
      amount,
      authorized: 0,
      captured: 0,
      refunded: 0,
      pending_capture: 0,
      pending_refund: 0,
      pending_void: false,
      calls: 0,
      doubts: 0,
      multiple_captures,
      capturable: 0,
      refundable: 0,
      held: 0,
      is_declined: false,
      is_to_be_undone: false,
      texts: { customer_id: null, order_ref: "o-1", metadata: "{}", decline: null }
    }
    this.first = this.#row(type, amount, null)
    this.payment.calls = 1
  }

  get book() {
    const { entries, events, payment, transactions } = this
    return { payment, transactions, entries, events }
  }

  #row(type: TransactionType, amount: number, target: Open<TransactionRow> | null): Open<TransactionRow> {
    const id = TransactionIds.fromUuid(uuid(++made))
    const row: Open<TransactionRow> = {
      id,
      merchant_id: merchantId(1),
      environment: "test",
      type,
      status: "submitting",
      amount,
      amount_approved: null,
      target_id: target?.id ?? null,
      probe_of: null,
      reversal_of: null,
      done_by: null,
      merch_nbr: "700001",
      batch_id: "20260101",
      tran_nbr: made,
      idempotency_key: `key-${made}`,
      refunded: 0,
      pending_refund: 0,
      resolved_by: null,
      created_at: now - 5_000,
      lease_until: now + 40_000,
      next_attempt_at: null,
      has_bric: true,
      has_lookup: false,
      has_own_terminal: true,
      texts: { doubt: null, response_code: null }
    }
    this.transactions.push(row)
    return row
  }

  /** A capture, refund or void on record. */
  claim(type: "capture" | "refund" | "void", amount: number, target: Open<TransactionRow>) {
    const row = this.#row(type, amount, target)
    const isScheduled = type === "refund" && target.status === "approved"
    if (isScheduled) {
      Object.assign(row, { status: "scheduled", merch_nbr: null, batch_id: null, tran_nbr: null, lease_until: null })
      row.next_attempt_at = now + 60_000
    } else this.payment.calls += 1
    if (type === "capture") this.payment.pending_capture += amount
    if (type === "refund") {
      this.payment.pending_refund += amount
      target.pending_refund += amount
    }
    if (type === "void") this.payment.pending_void = true
    this.#derive()
    return row
  }

  /** A refund that waited is sent. */
  start(row: Open<TransactionRow>) {
    Object.assign(row, { status: "submitting", merch_nbr: "700001", batch_id: "20260102", tran_nbr: ++made })
    Object.assign(row, { lease_until: now + 40_000, next_attempt_at: null })
    this.payment.calls += 1
    this.#derive()
  }

  #arrives(row: TransactionRow, isDone: boolean) {
    const type = gatewayTypes[row.type]
    const attempt = row.type === "reversal" ? null : row.id
    const key = "7000-700001-1-1"
    const pair = { batchId: row.batch_id ?? "", tranNbr: String(row.tran_nbr) }
    const named = attempt === null ? {} : { USER_DATA_2: attempt }
    this.requests.push({
      key,
      fields: { TRAN_TYPE: type, BATCH_ID: pair.batchId, TRAN_NBR: pair.tranNbr, ...named }
    })
    const target = this.#doneAs(row.target_id ?? row.reversal_of)
    const movesMoney = row.type !== "void" && row.type !== "reversal"
    this.gateway.push({
      key,
      type,
      ...pair,
      attempt,
      amount: isDone && movesMoney ? row.amount : 0,
      released: 0,
      target: target === undefined ? null : { type: target.type, batchId: target.batchId, tranNbr: target.tranNbr }
    })
    if (isDone && !movesMoney && target !== undefined) target.released = target.amount
  }

  /** What the gateway knows a transaction as: itself, or the probe that took its place. */
  #doneAs(id: string | null) {
    const row = this.transactions.find((each) => each.id === id)
    const known = row?.done_by ?? id
    return this.gateway.find(({ attempt }) => attempt === known)
  }

  /** The call ends. */
  end(row: Open<TransactionRow>, ending: Ending) {
    if (ending !== "not_sent") this.#arrives(row, ending === "approved" || ending === "lost_done")
    if (ending === "approved" || ending === "declined" || ending === "rejected") return this.#settle(row, ending)
    if (ending === "not_sent") return this.#settle(row, "failed")
    row.next_attempt_at = now + 1_000
    return this.#settle(row, "unknown")
  }

  /** The resolver finds out, by reversals, probes or a look-up, whatever the gateway did. */
  resolve(row: Open<TransactionRow>) {
    row.next_attempt_at = null
    const isDone = this.gateway.some(
      ({ amount, attempt, type }) => attempt === row.id && (amount > 0 || type === "CCEX")
    )
    if (row.type === "sale" || row.type === "authorization") {
      const isKnown = this.gateway.some(({ amount, attempt }) => attempt === row.id && amount > 0)
      for (const _ of isKnown ? [1] : [1, 2]) {
        const reversal = this.#row("reversal", row.amount, null)
        const { batch_id, tran_nbr } = row
        Object.assign(reversal, { reversal_of: row.id, batch_id, tran_nbr, idempotency_key: null })
        this.#arrives(reversal, isKnown)
        reversal.status = isKnown ? "approved" : "rejected"
      }
      row.resolved_by = "reversal"
      return this.#settle(row, isKnown ? "reversed" : "failed")
    }
    if (row.type === "refund") {
      // Nothing but a look-up can tell; without it the refund is left to people.
      if (!isDone) return undefined
      row.resolved_by = "lookup"
      return this.#settle(row, "approved")
    }
    const target = this.transactions.find(({ id }) => id === row.target_id)
    const probe = this.#row(row.type, row.amount, target ?? null)
    Object.assign(probe, { probe_of: row.id, idempotency_key: null })
    const stands = ({ amount, released }: GatewayTransaction) => amount > released
    const isLeft =
      row.type === "capture"
        ? !this.gateway.some((each) => each.attempt === row.id && stands(each))
        : this.gateway.some((each) => each === this.#doneAs(row.target_id) && stands(each))
    this.#arrives(probe, isLeft)
    probe.status = isLeft ? "approved" : "rejected"
    if (isLeft && row.type === "capture") row.done_by = probe.id
    row.resolved_by = "probe"
    return this.#settle(row, "approved")
  }

  #settle(row: Open<TransactionRow>, status: TransactionStatus) {
    const { payment } = this
    const target = this.transactions.find(({ id }) => id === row.target_id)
    const isDefinite = status !== "unknown"
    this.#book(row, () => {
      if (row.status === "submitting") payment.calls -= 1
      if (row.status === "unknown") payment.doubts -= 1
      if (!isDefinite) payment.doubts += 1
      row.status = status
      const approved = status === "approved" ? row.amount : 0
      if (row === this.first) {
        payment.first_status = status
        payment.is_declined = status === "declined" || status === "rejected"
        payment.authorized = approved
        if (row.type === "sale") payment.captured = approved
      }
      if (row.type === "capture" && isDefinite) {
        payment.pending_capture -= row.amount
        payment.captured += approved
      }
      if (row.type === "refund" && isDefinite && target !== undefined) {
        payment.pending_refund -= row.amount
        payment.refunded += approved
        target.pending_refund -= row.amount
        target.refunded += approved
      }
      if (row.type !== "void" || !isDefinite) return
      payment.pending_void = false
      if (status === "approved" && target !== undefined) this.#void(target)
    })
    this.#tell(row, status)
    if (row.type === "void" && status === "approved" && target !== undefined) this.#tell(target, "voided")
  }

  #void(target: Open<TransactionRow>) {
    const { payment } = this
    target.status = "voided"
    if (target === this.first) {
      payment.first_status = "voided"
      payment.authorized = 0
      if (target.type === "sale") payment.captured = 0
    }
    if (target.type === "capture") {
      payment.captured -= target.amount
      if (payment.first_status === "expired") payment.authorized -= target.amount
    }
    if (target.type !== "refund") return
    payment.refunded -= target.amount
    const given = this.transactions.find(({ id }) => id === target.target_id)
    if (given !== undefined) given.refunded -= target.amount
  }

  /** A refund that was not sent is given up. */
  unschedule(refund: Open<TransactionRow>) {
    const row = this.#row("void", refund.amount, refund)
    Object.assign(row, { status: "approved", merch_nbr: null, batch_id: null, tran_nbr: null, lease_until: null })
    Object.assign(refund, { status: "voided", next_attempt_at: null })
    this.payment.pending_refund -= refund.amount
    const target = this.transactions.find(({ id }) => id === refund.target_id)
    if (target !== undefined) target.pending_refund -= refund.amount
    this.#derive()
    this.#tell(row, "approved")
    this.#tell(refund, "voided")
  }

  /** The batch of an item closes. */
  close(row: Open<TransactionRow>) {
    row.status = "settled"
    if (row === this.first) this.payment.first_status = "settled"
    const cents = row.type === "refund" ? -row.amount : row.amount
    this.#entry(row, "receivable", -cents)
    this.#entry(row, "settled", cents)
    this.#derive()
    this.#tell(row, "settled")
  }

  /** An authorization lapses. */
  expire() {
    const { first, payment } = this
    this.#book(first, () => {
      first.status = "expired"
      payment.first_status = "expired"
      payment.authorized = payment.captured
    })
    this.#tell(first, "expired")
  }

  #book(row: TransactionRow, move: () => void) {
    const { payment } = this
    const held = payment.held
    const net = payment.captured - payment.refunded
    move()
    this.#derive()
    const moved = { held: payment.held - held, receivable: payment.captured - payment.refunded - net }
    this.#entry(row, "held", moved.held)
    this.#entry(row, "receivable", moved.receivable)
    this.#entry(row, "cardholder", -moved.held - moved.receivable)
  }

  #entry({ id }: TransactionRow, account: EntryRow["account"], amount: number) {
    if (amount !== 0) this.entries.push({ transaction_id: id, account, currency: "USD", amount })
  }

  #tell(row: TransactionRow, status: TransactionStatus) {
    const own = status === "settled" || status === "expired" ? status : this.payment.status
    const type = row === this.first ? `payment.${own}` : `${row.type}.${status}`
    const { environment, merchant_id } = this.payment
    const texts = { payload: '{"amount": 1999}' }
    this.events.push({ merchant_id, environment, transaction_id: row.id, type, texts })
  }

  #derive() {
    const { payment } = this
    const { authorized, captured, first_status, multiple_captures, pending_capture, pending_void } = payment
    const isHeld = payment.type === "authorization" && first_status === "approved"
    const isOpen = isHeld && !pending_void && (multiple_captures || captured + pending_capture === 0)
    payment.capturable = isOpen ? authorized - captured - pending_capture : 0
    payment.refundable = pending_void ? 0 : captured - payment.refunded - payment.pending_refund
    payment.held = isHeld && (multiple_captures || captured === 0) ? authorized - captured : 0
    payment.status = this.#status()
  }

  #status(): PaymentStatus {
    const { calls, captured, doubts, first_status, refunded } = this.payment
    if (doubts > 0) return "unknown"
    if (calls > 0) return "processing"
    switch (first_status) {
      case "declined":
      case "rejected":
        return "declined"
      case "failed":
      case "reversed":
      case "voided":
        return first_status
      default:
        if (first_status === "expired" && captured === 0) return "expired"
        if (refunded > 0) return refunded < captured ? "partially_refunded" : "refunded"
        return captured > 0 ? "captured" : "authorized"
    }
  }
}
