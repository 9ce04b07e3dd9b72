import { Schema } from "effect"

const Status = Schema.Literals(["ok", "warning", "failed"])

/** What one check has found. It never holds a secret. */
export const Finding = Schema.Struct({
  check: Schema.String,
  status: Status,
  found: Schema.String,
  /** What to do about it. */
  advice: Schema.NullOr(Schema.String)
})
export type Finding = typeof Finding.Type

export const ok = (check: string, found: string): Finding => ({ check, status: "ok", found, advice: null })

export const warning = (check: string, found: string, advice: string): Finding => ({
  check,
  status: "warning",
  found,
  advice
})

export const failed = (check: string, found: string, advice: string): Finding => ({
  check,
  status: "failed",
  found,
  advice
})

/** Everything that was found, and the worst of it. */
export const Report = Schema.Struct({ status: Status, findings: Schema.Array(Finding) })
export type Report = typeof Report.Type

export const reportOf = (findings: ReadonlyArray<Finding>): Report => {
  const worst = (["failed", "warning"] as const).find((status) => findings.some((each) => each.status === status))
  return { status: worst ?? "ok", findings }
}

/** A finding in words, on one line whatever others have written into it. */
export const lineOf = ({ advice, check, found, status }: Finding): string =>
  `${status.padEnd(7)}  ${check}: ${found}${advice === null ? "" : ` ${advice}`}`.replaceAll(/\s*[\r\n]+\s*/g, " ")
