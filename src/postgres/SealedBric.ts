import { Redacted } from "effect"
import type { TransactionId } from "../domain/Ids.ts"
import type { ColumnCipher } from "./ColumnCipher.ts"

/** The bytes that stand for the BRIC of a transaction in its row. */
export interface SealedBric {
  readonly sealed: Uint8Array | null
  readonly keyId: string | null
  readonly fingerprint: Uint8Array | null
}

/** Where the BRIC of a transaction is sealed for. */
export const bricPlace = (id: TransactionId) => `transactions.bric ${id}`

export const sealBric = (
  cipher: ColumnCipher["Service"],
  id: TransactionId,
  bric: Redacted.Redacted | null
): SealedBric =>
  bric === null
    ? { sealed: null, keyId: null, fingerprint: null }
    : { ...cipher.seal(bric, bricPlace(id)), fingerprint: cipher.fingerprint(Redacted.value(bric)) }
