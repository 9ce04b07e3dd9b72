import type { Profile } from "./Profile.ts"
import type { Fields, Terminal } from "./Terminals.ts"

/** One Server Post request. */
export interface Request {
  readonly fields: Fields
  /** `undefined` when the four-part key is malformed. */
  readonly terminal: Terminal | undefined
  readonly profile: Profile
  readonly type: string
  /** Simulated epoch milliseconds. */
  readonly receivedAt: number
  /** When it reaches the books: later than it came when a fault holds it up inside EPX. */
  readonly dueAt: number
}

/** A request under a key that EPX knows: only these get as far as a transaction. */
export interface KnownRequest extends Request {
  readonly terminal: Terminal
}

/** Why the request was not processed: AUTH_RESP, and its text where it names a field. */
export interface Refusal {
  readonly code: string
  readonly text?: string
}

/** A form body. An empty field counts as absent, and one sent twice counts once, with its last value. */
export const parseForm = (body: string): Fields => {
  const fields = new Map<string, string>()
  for (const [field, value] of new URLSearchParams(body)) if (value !== "") fields.set(field, value)
  return fields
}
