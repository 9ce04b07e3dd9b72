import { Schema } from "effect"
import { Bric } from "../domain/Bric.ts"
import { Outcome } from "../domain/Exception.ts"
import { Amount } from "../domain/Money.ts"
import { mayHoldSecret } from "../http/Secrets.ts"

/** It is kept and shown to every operator. */
export const Evidence = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(2000),
  Schema.isTrimmed(),
  Schema.isPattern(/^(?:[\t\n]|[^\p{Cc}\p{Cs}])*$/u, { expected: "text without control characters" }),
  Schema.makeFilter((text) => !mayHoldSecret(text) || "Expected no token, key or card number")
)

export const AuthorizationCode = Schema.String.check(
  Schema.isPattern(/^[0-9A-Z]{1,6}$/u, { expected: "up to 6 digits and capital letters" })
)

/** What a person found out about an exception, and how. */
export const NewResolution = Schema.Struct({
  outcome: Outcome,
  evidence: Evidence,
  authorization_code: Schema.optionalKey(AuthorizationCode),
  bric: Schema.optionalKey(Schema.RedactedFromValue(Bric)),
  amount: Schema.optionalKey(Amount)
})
  .check(
    Schema.makeFilter(({ amount, authorization_code, bric, outcome }) => {
      const issue = "Expected only with the outcome approved"
      if (outcome === "approved") return true
      if (bric !== undefined) return { path: ["bric"], issue }
      if (amount !== undefined) return { path: ["amount"], issue }
      return authorization_code === undefined || { path: ["authorization_code"], issue }
    })
  )
  .annotate({
    identifier: "NewResolution",
    description:
      "`evidence` says how it is known, and is kept. With `approved`, `bric` is EPX's token of the call (AUTH_GUID), " +
      "without which it cannot be refunded or voided later, and `amount` is what EPX approved of a sale or " +
      "authorization, if that is less than what was asked."
  })
export type NewResolution = typeof NewResolution.Type
