import type { Entry } from "../Answer.ts"
import type { Generator } from "../Generator.ts"
import type { Transaction } from "../Transaction.ts"

/** A decision of the issuer that replaces its own. */
export type Forced =
  /** `charged`: the books say approved, whatever the code says. */
  | {
      readonly kind: "code"
      readonly code: string
      readonly network: string
      readonly text?: string
      readonly charged: boolean
    }
  | { readonly kind: "partial" | "folded" | "code_on_decline" | "reversal_declined" }
  | { readonly kind: "field"; readonly field: string }

/** How the answer leaves, or does not. */
export type Wire =
  | {
      readonly kind: "answer"
      readonly delayMs?: number
      readonly contentType?: string
      readonly encoding?: "gzip" | "latin1"
    }
  | {
      readonly kind: "page"
      readonly status: number
      readonly contentType: string
      readonly body: string
      readonly headers?: { readonly [name: string]: string }
    }
  | { readonly kind: "silence" | "reset" | "drip" | "truncated" | "headers_only" | "huge" | "stale" }
  | { readonly kind: "refuse"; readonly forMs: number }

/** Something that goes wrong on purpose. */
export interface Fault {
  /** The selector that names it. */
  readonly name: string
  /** Whether and when the books are written: "now", "never", or so many simulated milliseconds later. */
  readonly commit: "now" | "never" | number
  /** Whether the client can make out the decision from what arrives. */
  readonly isReadable: boolean
  readonly forced?: Forced
  readonly editEntries?: (entries: ReadonlyArray<Entry>, generator: Generator) => ReadonlyArray<Entry>
  readonly editXml?: (xml: string) => string
  /** What a look-up shows of a list. */
  readonly editList?: (rows: ReadonlyArray<Transaction>) => ReadonlyArray<Transaction>
  readonly wire: Wire
  /** The request arrives twice, and this one of the two is answered. */
  readonly answered?: "first" | "second"
  /** What the first reversal of this transaction will meet. */
  readonly reversal?: Fault
}

/** A plain answer on the wire. */
export const plainWire: Wire = { kind: "answer" }

/** A fault that leaves the books and the wire alone. */
export const mild = (name: string): Fault => ({ name, commit: "now", isReadable: true, wire: plainWire })
