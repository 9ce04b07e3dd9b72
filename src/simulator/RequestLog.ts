import { createHmac } from "node:crypto"
import { bricFields, secretFields } from "./FieldRules.ts"
import type { Request } from "./Request.ts"
import { keyOf } from "./Terminals.ts"

/** One request as it may be shown: no card number, security code, BRIC or MAC. */
export interface LoggedRequest {
  readonly id: number
  readonly key: string
  /** Simulated epoch milliseconds. */
  readonly receivedAt: number
  readonly fields: { readonly [field: string]: string }
  readonly fault: string | null
  /** AUTH_RESP of the answer, whether or not it left. */
  answer: string | null
  /** Real milliseconds until the answer had left whole; `null` while it has not. */
  durationMs: number | null
}

/** Which requests to show: field values that must be equal, and a four-part key. */
export interface RequestFilter {
  readonly key?: string | undefined
  readonly fields?: { readonly [field: string]: string }
}

/** The latest requests, in a ring. A capacity of 0 keeps none. */
export class RequestLog {
  readonly #capacity: number
  readonly #hashKey: string
  #ring: Array<LoggedRequest> = []
  #nextId = 1

  constructor(capacity: number, hashKey: string) {
    this.#capacity = capacity
    this.#hashKey = hashKey
  }

  add(request: Request, fault: string | undefined): LoggedRequest | undefined {
    if (this.#capacity === 0) return undefined
    const id = this.#nextId++
    const entry: LoggedRequest = {
      id,
      key: keyOf(request.fields),
      receivedAt: request.receivedAt,
      fields: this.#redact(request),
      fault: fault ?? null,
      answer: null,
      durationMs: null
    }
    this.#ring[(id - 1) % this.#capacity] = entry
    return entry
  }

  /** Oldest first. */
  list(filter: RequestFilter): ReadonlyArray<LoggedRequest> {
    const wanted = Object.entries(filter.fields ?? {})
    return this.#ring
      .filter(({ key }) => filter.key === undefined || filter.key === key)
      .filter(({ fields }) => wanted.every(([field, value]) => fields[field] === value))
      .toSorted((a, b) => a.id - b.id)
  }

  reset(key?: string): void {
    if (key === undefined) this.#nextId = 1
    const kept = key === undefined ? [] : this.list({}).filter((entry) => entry.key !== key)
    this.#ring = []
    for (const entry of kept) this.#ring[(entry.id - 1) % this.#capacity] = entry
  }

  #redact({ fields }: Request): LoggedRequest["fields"] {
    const shown: { [field: string]: string } = {}
    for (const [field, value] of fields) {
      if (bricFields.has(field)) shown[field] = `…${value.slice(-4)}`
      else if (field === "ACCOUNT_NBR") shown[field] = `…${value.slice(-4)} ${this.#hash(value)}`
      else if (!secretFields.has(field)) shown[field] = value
    }
    return shown
  }

  #hash(account: string): string {
    return createHmac("sha256", this.#hashKey).update(account).digest("hex").slice(0, 16)
  }
}
