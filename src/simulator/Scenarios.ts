import { Result, Schema } from "effect"
import { bricFields, fieldRules, secretFields } from "./FieldRules.ts"
import type { Fault } from "./faults/Fault.ts"
import { findListenerFault, type ListenerFault } from "./faults/ListenerFault.ts"
import { findFault } from "./faults/Selector.ts"
import { type Fields, isKey } from "./Terminals.ts"

/** A command that the simulator cannot carry out, said so that its author can mend it. */
export class InvalidCommand extends Schema.TaggedError<InvalidCommand>()("InvalidCommand", {
  message: Schema.String
}) {}

/** What to do to which requests. */
export const ScenarioInput = Schema.Struct({
  /** Field values that must be equal; `null` = the field must be absent. Empty: any request. */
  match: Schema.optionalKey(Schema.Record(Schema.String, Schema.NullOr(Schema.String))),
  effect: Schema.String,
  /** How often; once when absent. */
  times: Schema.optionalKey(
    Schema.Union([Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)), Schema.Literal("always")])
  ),
  /** A four-part key joined by `-`. */
  key: Schema.optionalKey(Schema.String)
})
export type ScenarioInput = typeof ScenarioInput.Type

/** A scenario as it stands. */
export interface Scenario {
  readonly id: number
  readonly match: { readonly [field: string]: string | null }
  readonly effect: string
  readonly key: string | null
  readonly remaining: number | "always"
  readonly fired: number
}

/** The TRAN_TYPE under which scenarios and the log know a look-up. */
export const lookUpType = "LOOKUP"

interface Entry {
  readonly id: number
  readonly match: ReadonlyArray<readonly [field: string, value: string | null]>
  readonly key: string | undefined
  /** Exactly one of the two. */
  readonly fault: Fault | undefined
  readonly listenerFault: ListenerFault | undefined
  readonly effect: string
  remaining: number
  fired: number
}

const isHidden = (field: string): boolean => secretFields.has(field) || bricFields.has(field)

const show = (entry: Entry): Scenario => ({
  id: entry.id,
  match: Object.fromEntries(
    entry.match.map(([field, value]) => [field, value !== null && isHidden(field) ? `…${value.slice(-4)}` : value])
  ),
  effect: entry.effect,
  key: entry.key ?? null,
  remaining: Number.isFinite(entry.remaining) ? entry.remaining : "always",
  fired: entry.fired
})

const fire = (entry: Entry): void => {
  entry.remaining -= 1
  entry.fired += 1
}

/** Faults waiting for their requests, in the order in which they were added. */
export class Scenarios {
  #entries: Array<Entry> = []
  #nextId = 1
  readonly #onListenerFault: (fault: ListenerFault, times: number, onUse: () => void) => Result.Result<void, string>
  readonly #onCleared: () => void

  /** `onCleared` ends every listener fault. */
  constructor(
    onListenerFault: (fault: ListenerFault, times: number, onUse: () => void) => Result.Result<void, string>,
    onCleared: () => void
  ) {
    this.#onListenerFault = onListenerFault
    this.#onCleared = onCleared
  }

  add(input: ScenarioInput): Result.Result<Scenario, InvalidCommand> {
    const fail = (message: string) => Result.fail(new InvalidCommand({ message }))
    const match = Object.entries(input.match ?? {})
    const unknown = match.find(([field]) => !Object.hasOwn(fieldRules, field))
    if (unknown !== undefined) return fail(`unknown request field in match: ${unknown[0]}`)
    const { key, effect } = input
    if (key !== undefined && !isKey(key)) return fail(`key must be CUST-MERCH-DBA-TERM, not ${key}`)

    const isScoped = match.length > 0 || key !== undefined
    const listenerFault = isScoped ? undefined : findListenerFault(effect)
    const fault = listenerFault === undefined ? findFault(effect) : undefined
    if (listenerFault === undefined && fault === undefined) {
      return fail(
        isScoped && findListenerFault(effect) !== undefined
          ? `${effect} comes before any request is read: leave out match and key`
          : `unknown effect: ${effect}`
      )
    }
    const remaining = input.times === "always" ? Number.POSITIVE_INFINITY : (input.times ?? 1)
    const entry: Entry = { id: this.#nextId++, match, key, effect, fault, listenerFault, remaining, fired: 0 }
    if (listenerFault !== undefined) {
      const applied = this.#onListenerFault(listenerFault, remaining, () => fire(entry))
      if (Result.isFailure(applied)) return fail(applied.failure)
    }
    this.#entries.push(entry)
    return Result.succeed(show(entry))
  }

  /** The fault for this request, if one waits for it; it is then used up by one. */
  take(key: string, fields: Fields): Fault | undefined {
    // A fault for any request is one for a payment: look-ups have to be named.
    const isLookUp = fields.get("TRAN_TYPE") === lookUpType
    for (const entry of this.#entries) {
      if (entry.remaining === 0 || entry.fault === undefined) continue
      if (entry.key !== undefined && entry.key !== key) continue
      if (isLookUp && !entry.match.some(([field, value]) => field === "TRAN_TYPE" && value === lookUpType)) continue
      if (!entry.match.every(([field, value]) => (fields.get(field) ?? null) === value)) continue
      fire(entry)
      return entry.fault
    }
    return undefined
  }

  list(key?: string): ReadonlyArray<Scenario> {
    return this.#entries.filter((entry) => key === undefined || entry.key === key).map(show)
  }

  /** Whether there was such a scenario. */
  remove(id: number): boolean {
    const entry = this.#entries.find((candidate) => candidate.id === id)
    if (entry?.listenerFault !== undefined) this.#onCleared()
    this.#entries = this.#entries.filter((candidate) => candidate !== entry)
    return entry !== undefined
  }

  /** All of them, or those of one four-part key. */
  clear(key?: string): void {
    if (key === undefined) this.#onCleared()
    this.#entries = key === undefined ? [] : this.#entries.filter((entry) => entry.key !== key)
  }
}
