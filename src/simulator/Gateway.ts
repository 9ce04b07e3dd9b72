import { requestedCents } from "./Amounts.ts"
import { type Answer, entriesOf, header, isAnswerField, print, settled } from "./Answer.ts"
import { checkFields, checkKey, missing } from "./Checks.ts"
import { textOf } from "./Codes.ts"
import { secretFields } from "./FieldRules.ts"
import { type Fault, plainWire, type Wire } from "./faults/Fault.ts"
import { findFault } from "./faults/Selector.ts"
import type { LateCommits } from "./LateCommits.ts"
import type { Books, TransactionType } from "./Outcome.ts"
import type { KnownRequest, Refusal, Request } from "./Request.ts"
import type { LoggedRequest, RequestLog } from "./RequestLog.ts"
import type { Scenarios } from "./Scenarios.ts"
import type { SimulatedClock } from "./SimulatedClock.ts"
import { type Fields, keyOf, type Terminals } from "./Terminals.ts"
import type { Told, Transaction } from "./Transaction.ts"
import { findType } from "./transactions/Catalogue.ts"
import { findOriginal } from "./transactions/Reversal.ts"

/** What the listener has to do about one request. */
export interface Exchange {
  /** The document, where the wire carries one. */
  readonly xml: string
  readonly wire: Wire
  readonly closesConnection: boolean
  readonly log: LoggedRequest | undefined
  readonly transaction: Transaction | undefined
  /** What the client knows once everything has left. */
  readonly told: Told
}

/** Everything the gateway remembers. */
export interface GatewayState extends Books {
  readonly clock: SimulatedClock
  readonly terminals: Terminals
  readonly scenarios: Scenarios
  readonly requests: RequestLog
  readonly late: LateCommits
  /** Faults that wait for the first reversal of a transaction, by its pair. */
  readonly awaited: Map<string, Fault>
}

/** One request on its way through. */
interface Call {
  readonly request: Request
  readonly fault: Fault | undefined
}

/** The answer, and what was written into the books for it. */
interface Processed {
  readonly answer: Answer
  readonly transaction?: Transaction | undefined
}

const marker = "SIM_"

/** What the log calls a request that the client has sent once only. */
const copyOf = "COPY"

const unknownMarker: Refusal = { code: "RR", text: "Invalid USER_DATA_10[SIM]" }

// Refusals of the request itself: EPX has not looked at the transaction yet.
const requestErrors: ReadonlySet<string> = new Set(["RR", "EW", "EH", "E7"])

const pairOf = (merchNbr: string, fields: Fields): string =>
  `${merchNbr}/${fields.get("BATCH_ID") ?? ""}/${fields.get("TRAN_NBR") ?? ""}`

/** The simulated EPX behind its wire: from the fields of a request to the document and what becomes of it. */
export class Gateway {
  readonly #state: GatewayState

  constructor(state: GatewayState) {
    this.#state = state
  }

  receive(fields: Fields): Exchange {
    const { clock, terminals, requests, late } = this.#state
    const receivedAt = clock.now()
    late.settle(receivedAt)
    const terminal = terminals.find(keyOf(fields))
    const profile = terminal?.profile ?? terminals.profile()
    const request: Request = {
      fields,
      terminal,
      profile,
      type: fields.get("TRAN_TYPE") ?? "",
      receivedAt,
      dueAt: receivedAt
    }
    const selected = this.#selectFault(request)
    const call: Call = { request, fault: selected === "unknown" ? undefined : selected }
    const log = requests.add(request, call.fault?.name)
    const processed = selected === "unknown" ? this.#refuse(request, unknownMarker) : this.#process(call)
    if (log !== undefined) log.answer = processed.answer.AUTH_RESP ?? null
    const copy = call.fault?.answered === undefined ? undefined : this.#processCopy(request)
    const isCopyAnswered = call.fault?.answered === "second"
    const { answer } = (isCopyAnswered ? copy : undefined) ?? processed
    return this.#exchange(call, { ...processed, answer }, log)
  }

  /** The same request once more, as the log shows by its fault. */
  #processCopy(request: Request): Processed {
    const log = this.#state.requests.add(request, copyOf)
    const processed = this.#process({ request, fault: undefined })
    if (log !== undefined) log.answer = processed.answer.AUTH_RESP ?? null
    return processed
  }

  #selectFault(request: Request): Fault | "unknown" | undefined {
    const { fields, terminal } = request
    const named = fields.get("USER_DATA_10") ?? ""
    const fault =
      this.#state.scenarios.take(keyOf(fields), fields) ??
      (named.startsWith(marker) ? (findFault(named.slice(marker.length)) ?? "unknown") : undefined)
    if (fault === "unknown" || terminal === undefined) return fault
    if (request.type === "CCE7") return fault?.reversal ?? fault ?? this.#takeAwaited({ ...request, terminal })
    if (fault?.reversal !== undefined) this.#state.awaited.set(pairOf(terminal.merchNbr, fields), fault.reversal)
    return fault
  }

  #takeAwaited(request: KnownRequest): Fault | undefined {
    const { awaited } = this.#state
    if (awaited.size === 0) return undefined
    const { merchNbr } = request.terminal
    const original = findOriginal(request, this.#state)
    const pair =
      original === undefined ? pairOf(merchNbr, request.fields) : `${merchNbr}/${original.batchId}/${original.tranNbr}`
    const fault = awaited.get(pair)
    awaited.delete(pair)
    return fault
  }

  #process({ request, fault }: Call): Processed {
    if (fault?.commit === "never") return { answer: {} }
    if (fault?.forced?.kind === "field") return this.#refuse(request, fieldError(fault.forced.field))
    const { terminal, profile } = request
    const keyError = checkKey(request)
    if (keyError !== undefined || terminal === undefined) return this.#refuse(request, keyError ?? { code: "E7" })
    const type = findType(request.type, profile.disabled_types)
    if (typeof type === "string") return this.#refuse(request, { code: type })
    const known = { ...request, terminal }
    // A forced code goes before the rules of state, but a malformed request is never hidden by it.
    const refusal =
      this.#check(known, type) ?? (fault?.forced?.kind === "code" ? undefined : this.#duplicate(known, type))
    if (refusal !== undefined) return this.#refuse(request, refusal)
    if (typeof fault?.commit === "number") {
      const late = { ...known, dueAt: request.receivedAt + fault.commit }
      this.#state.late.add(late, () => type.run(late, this.#state, fault.forced).commit?.())
      return { answer: {} }
    }
    const { answer, commit } = type.run(known, this.#state, fault?.forced)
    return { answer, transaction: commit?.() }
  }

  #check(request: KnownRequest, type: TransactionType): Refusal | undefined {
    return (
      checkFields(request) ??
      missing(request, "TRAN_NBR", ...(request.profile.batch_id_required ? ["BATCH_ID"] : [])) ??
      type.check(request)
    )
  }

  /** A declined attempt does not use up its pair. */
  #duplicate(request: KnownRequest, type: TransactionType): Refusal | undefined {
    const mode = request.profile.dup_mode
    if (!type.ownsPair || mode === "off") return undefined
    const { fields, terminal } = request
    const isUsed = this.#state.ledger
      .findPair(terminal.merchNbr, fields.get("BATCH_ID") ?? "", fields.get("TRAN_NBR") ?? "")
      .some((other) => other.isDone && (mode !== "per_type" || other.type === request.type))
    if (!isUsed) return undefined
    // EPX publishes no text for this: nobody may depend on ours.
    return mode === "94" ? { code: "94" } : { code: "RR", text: "Duplicate BATCH_ID/TRAN_NBR" }
  }

  #refuse(request: Request, { code, text }: Refusal): Processed {
    const isMinimal = requestErrors.has(code) && request.profile.fields_on_rr === "minimal"
    const answer: Answer = {
      ...(isMinimal ? {} : settled(request, code, requestedCents(request.fields), 0)),
      AUTH_GUID: request.profile.auth_guid_on_rr ? this.#state.generator.bric() : undefined,
      AUTH_RESP: code,
      AUTH_RESP_TEXT: text ?? textOf(code)
    }
    return { answer }
  }

  #exchange({ request, fault }: Call, { answer, transaction }: Processed, log: LoggedRequest | undefined): Exchange {
    const { profile, receivedAt } = request
    const stamp = this.#state.clock.stamp(receivedAt, profile.local_time_zone)
    const plain = [...entriesOf({ ...header(request, stamp), ...answer }), ...verbose(request)]
    const document = print(fault?.editEntries?.(plain, this.#state.generator) ?? plain)
    return {
      xml: fault?.editXml?.(document) ?? document,
      wire: timedOut(request, answer) ?? fault?.wire ?? plainWire,
      closesConnection: profile.connection_close,
      log,
      transaction,
      told: fault?.isReadable === false ? "unreadable" : "answer"
    }
  }
}

const fieldError = (field: string): Refusal => ({ code: "RR", text: `Invalid ${field}[LEN]` })

/** `TO` means that the network never answered, and how EPX says so is not known. */
const timedOut = ({ profile }: Request, answer: Answer): Wire | undefined => {
  if (answer.AUTH_RESP !== "TO" || profile.timeout_render === "TO") return undefined
  return profile.timeout_render === "504"
    ? { kind: "page", status: 504, contentType: "text/plain", body: "gateway timeout" }
    : { kind: "silence" }
}

/** VERBOSE_RESPONSE echoes the request, card data excepted (EPX data dictionary). */
const verbose = ({ fields, profile }: Request): ReadonlyArray<readonly [string, string]> =>
  fields.get("VERBOSE_RESPONSE") === "Y" && profile.verbose_allowed
    ? [...fields].filter(([field]) => !secretFields.has(field) && !isAnswerField(field))
    : []
