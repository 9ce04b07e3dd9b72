import { createHmac } from "node:crypto"

/** EPI-Signature: lower-case hex over the path below the base URL, followed by the body. */
export const sign = (epiKey: string, message: string): string =>
  createHmac("sha256", epiKey).update(message).digest("hex")
