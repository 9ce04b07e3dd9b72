import { isListed } from "../Codes.ts"
import { fieldRules } from "../FieldRules.ts"
import { adviceText } from "../Triggers.ts"
import { type Fault, type Forced, mild } from "./Fault.ts"

const force = (name: string, forced: Forced): Fault => ({ ...mild(name), forced })

const code = (name: string, code: string, charged: boolean, network = code, text?: string): Fault =>
  force(name, { kind: "code", code, network, charged, ...(text === undefined ? {} : { text }) })

const parametric = (name: string): Fault | undefined => {
  const [base = "", charged = false] = name.endsWith("_CHARGED") ? [name.slice(0, -"_CHARGED".length), true] : [name]
  if (base === "UNKNOWN_CODE") return code(name, "QQ", charged)
  const listed = /^CODE_([0-9A-Z]{2})$/.exec(base)?.[1]
  if (listed !== undefined && isListed(listed)) return code(name, listed, charged)
  const advice = /^(S[A-R])_(79|82|83)$/.exec(base)
  if (advice?.[1] !== undefined && isListed(advice[1])) return code(name, advice[1], charged, advice[2], adviceText)
  const field = /^RR_FIELD_([A-Z0-9_]+)$/.exec(name)?.[1]
  return field !== undefined && Object.hasOwn(fieldRules, field) ? force(name, { kind: "field", field }) : undefined
}

/** Faults of the decision: what the issuer says instead of what it would have said. */
export const findDecisionFault = (name: string): Fault | undefined => {
  switch (name) {
    case "APPROVE_85":
      return code(name, "85", false)
    case "PARTIAL":
      return force(name, { kind: "partial" })
    case "FOLD_05":
      return force(name, { kind: "folded" })
    case "AUTHCODE_ON_DECLINE":
      return force(name, { kind: "code_on_decline" })
    case "REVERSAL_DECLINED": {
      const declined = force(name, { kind: "reversal_declined" })
      return { ...declined, reversal: declined }
    }
    default:
      return parametric(name)
  }
}
