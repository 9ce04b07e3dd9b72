import { defaultProfile, type Profile, type ProfilePatch } from "./Profile.ts"
import type { Transaction } from "./Transaction.ts"

/** The fields of one request, by name. */
export type Fields = ReadonlyMap<string, string>

/** One four-part key, and what happened under it. */
export interface Terminal {
  /** `CUST_NBR-MERCH_NBR-DBA_NBR-TERMINAL_NBR`. */
  readonly key: string
  readonly merchNbr: string
  profile: Profile
  transactions: Array<Transaction>
}

/** The names of the four parts, in order. */
export const keyParts = ["CUST_NBR", "MERCH_NBR", "DBA_NBR", "TERMINAL_NBR"] as const

const keyForm = /^[0-9A-Z]{1,16}(?:-[0-9A-Z]{1,16}){3}$/

/** Whether the text is four parts joined by `-`. */
export const isKey = (text: string): boolean => keyForm.test(text)

/** The four parts of a request, joined. */
export const keyOf = (fields: Fields): string => keyParts.map((part) => fields.get(part) ?? "").join("-")

/** Every four-part key seen, with its profile. */
export class Terminals {
  readonly #known = new Map<string, Terminal>()
  readonly #patches = new Map<string, ProfilePatch>()
  #defaults: Profile = defaultProfile

  /** `undefined` when the key is malformed. */
  find(key: string): Terminal | undefined {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (!isKey(key)) return undefined
    const terminal = { key, merchNbr: key.split("-")[1] ?? "", profile: this.profile(key), transactions: [] }
    this.#known.set(key, terminal)
    return terminal
  }

  all(): IterableIterator<Terminal> {
    return this.#known.values()
  }

  /** The profile of a key, or the one that keys have by default. */
  profile(key?: string): Profile {
    const patch = key === undefined ? undefined : this.#patches.get(key)
    return patch === undefined ? this.#defaults : { ...this.#defaults, ...patch }
  }

  /** Without a key the change is for every key that does not say otherwise. */
  patchProfile(patch: ProfilePatch, key?: string): void {
    if (key === undefined) this.#defaults = { ...this.#defaults, ...patch }
    else this.#patches.set(key, { ...this.#patches.get(key), ...patch })
    for (const terminal of this.#known.values()) terminal.profile = this.profile(terminal.key)
  }

  reset(key?: string): void {
    if (key !== undefined) {
      this.#known.delete(key)
      this.#patches.delete(key)
      return
    }
    this.#known.clear()
    this.#patches.clear()
    this.#defaults = defaultProfile
  }
}
