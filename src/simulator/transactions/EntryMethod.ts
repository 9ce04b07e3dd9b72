import type { KnownRequest, Refusal } from "../Request.ts"

/** CARD_ENT_METH must say what was sent: `Z` a BRIC in ORIG_AUTH_GUID, anything else an account number. */
export const checkEntryMethod = ({ fields }: KnownRequest): Refusal | undefined => {
  const hasBric = fields.has("ORIG_AUTH_GUID")
  const hasAccount = fields.has("ACCOUNT_NBR")
  const method = fields.get("CARD_ENT_METH")
  const fits = method === "Z" ? hasBric && !hasAccount : method !== undefined && hasAccount
  return fits ? undefined : { code: "EH" }
}
