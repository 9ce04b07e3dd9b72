import { DateTime } from "effect"
import type { Sending } from "../Delivery.ts"
import { type Fault, plainWire } from "../faults/Fault.ts"
import type { GatewayState } from "../Gateway.ts"
import type { Request } from "../Request.ts"
import { lookUpType } from "../Scenarios.ts"
import { isKey, keyParts } from "../Terminals.ts"
import { type Finding, find } from "./Finding.ts"
import { sign } from "./Signature.ts"

/** Where look-ups begin on the listener; it is not part of what is signed. */
export const lookUpPrefix = "/custompay"

/** One request as it came. */
export interface Arrival {
  readonly method: string
  /** Path and query below the prefix. */
  readonly target: string
  /** EPI-Id: the four-part key. */
  readonly id: string
  /** EPI-Signature. */
  readonly signature: string
  readonly body: string
}

/** What to send, and what to do once all of it has left. */
export interface LookUp {
  readonly sending: Sending
  readonly onSent: (durationMs: number) => void
}

const resources = ["ping", "sale", "refund", "batch"]

type Answered = Finding | { readonly status: 401; readonly error: string }

/** Custom Pay's look-ups: the way to find what became of a call whose answer was lost. */
export class LookUps {
  readonly #state: GatewayState

  constructor(state: GatewayState) {
    this.#state = state
  }

  receive(arrival: Arrival): LookUp {
    const { clock, late, scenarios, requests } = this.#state
    const now = clock.now()
    late.settle(now)
    const request = this.#requestOf(arrival, now)
    const fault = scenarios.take(arrival.id, request.fields)
    const log = requests.add(request, fault?.name)
    const found = this.#answer(arrival, request, fault)
    const status = "status" in found ? found.status : 200
    if (log !== undefined) log.answer = `${status}`
    const sending: Sending = {
      status,
      contentType: "application/json",
      body: this.#print(found, now),
      wire: fault?.wire ?? plainWire,
      closesConnection: request.profile.connection_close
    }
    const isReadable = fault?.isReadable !== false
    return {
      sending,
      onSent: (durationMs) => {
        if (log !== undefined) log.durationMs = durationMs
        if (isReadable && "shown" in found) for (const transaction of found.shown) transaction.told = "answer"
      }
    }
  }

  /** The look-up in the words of Server Post, for scenarios and the log. */
  #requestOf({ id, target }: Arrival, now: number): Request {
    const [resource = "", item] = pathOf(target)
    const parts = isKey(id) ? id.split("-") : []
    const fields = new Map<string, string>([...keyParts.entries()].map(([index, part]) => [part, parts[index] ?? ""]))
    // A path that means nothing may hold anything: the log shows only what is known to be harmless.
    fields.set("TRAN_TYPE", lookUpType).set("TRAN_CODE", resources.includes(resource) ? resource : "")
    const isBatch = resource === "batch" && /^\d{1,10}$/.test(item ?? "")
    if (item !== undefined) fields.set(isBatch ? "BATCH_ID" : "ORIG_AUTH_GUID", item)
    const terminal = this.#state.terminals.find(id)
    const profile = terminal?.profile ?? this.#state.terminals.profile()
    return { fields, terminal, profile, type: lookUpType, receivedAt: now, dueAt: now }
  }

  #answer({ method, target, signature, body }: Arrival, request: Request, fault: Fault | undefined): Answered {
    const { terminal, profile, receivedAt } = request
    const signed = profile.epi_signs_query ? target : (target.split("?")[0] ?? "")
    if (terminal === undefined || !profile.known || signature !== sign(profile.epi_key, signed + body)) {
      return { status: 401, error: "missing or wrong signature" }
    }
    const query = new URLSearchParams(target.split("?")[1] ?? "")
    const editList = fault?.editList ?? ((rows) => rows)
    return find({ terminal, method, path: pathOf(target), query, now: receivedAt, editList }, this.#state)
  }

  #print(found: Answered, now: number): string {
    const reference = {
      bric: `00D${this.#state.generator.bric().slice(3)}`,
      timestamp: DateTime.formatIso(DateTime.makeUnsafe(now)).replace(/\.\d+Z$/, "Z")
    }
    return JSON.stringify(
      "error" in found
        ? { data: null, errors: [{ code: 0, text: found.error }], reference }
        : { data: found.data, errors: null, reference }
    )
  }
}

const pathOf = (target: string): ReadonlyArray<string> => (target.split("?")[0] ?? "").split("/").slice(1)
