import type { TransactionType } from "../Outcome.ts"
import { accountVerification } from "./AccountVerification.ts"
import { batchClose } from "./BatchClose.ts"
import { capture } from "./Capture.ts"
import { purchase } from "./Purchase.ts"
import { refund } from "./Refund.ts"
import { reversal } from "./Reversal.ts"
import { storage } from "./Storage.ts"
import { voiding } from "./Void.ts"

const types: { readonly [type: string]: TransactionType } = {
  CCE0: accountVerification,
  CCE1: purchase,
  CCE2: purchase,
  CCE4: capture,
  CCE7: reversal,
  CCE8: storage,
  CCE9: refund,
  CCEX: voiding,
  CCEZ: batchClose
}

// EPX transaction catalogue: what EPX processes and this simulator does not.
const foreign: ReadonlySet<string> = new Set(
  `CCEA CCEG CCEN CCEM CCEC SS02 SS03 CKC0 CKS0 CKC1 CKS1 CKC2 CKS2 CKC3 CKS3 CKC8 CKS8
   CKCX CKSX CKG2 CKG3 DB0P DB0S DB0V`.split(/\s+/)
)

/** The type, or the AUTH_RESP of one that EPX does not know (`12`) or that is not served here (`58`). */
export const findType = (type: string, disabled: ReadonlyArray<string>): TransactionType | "12" | "58" => {
  if (disabled.includes(type) || foreign.has(type)) return "58"
  return (Object.hasOwn(types, type) ? types[type] : undefined) ?? "12"
}
