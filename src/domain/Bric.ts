import { Schema } from "effect"

/** EPX data dictionary: AUTH_GUID has at most 20 letters and digits, and 19 in practice. */
export const Bric = Schema.String.check(
  Schema.isPattern(/^[0-9A-Z]{19,20}$/u, { expected: "19 or 20 digits and capital letters" })
)
