import { createHmac } from "node:crypto"
import { Redacted } from "effect"

export interface Signed {
  /** What follows the base URL, from its `/` on and with the query if there is one. */
  readonly target: string
  /** The bytes of the body as they are sent; empty for GET. */
  readonly body: string
  /** EPX does not say whether the query is signed; working clients sign the path alone. */
  readonly isQuerySigned: boolean
}

/** EPX Custom Pay, EPI-Signature: the HMAC of path and body in lower-case hex. */
export const epiSignature = (secret: Redacted.Redacted, { body, isQuerySigned, target }: Signed): string => {
  const signed = isQuerySigned ? target : target.replace(/\?.*$/, "")
  return createHmac("sha256", Redacted.value(secret)).update(signed).update(body).digest("hex")
}
