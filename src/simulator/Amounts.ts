import { parseCents } from "./Cents.ts"
import type { Fields } from "./Terminals.ts"

const centsOf = (fields: Fields, field: string): number => parseCents(fields.get(field) ?? "") ?? 0

/** AUTH_AMOUNT_REQUESTED in cents: cash back and fee are on top of AMOUNT. */
export const requestedCents = (fields: Fields): number =>
  centsOf(fields, "AMOUNT") + centsOf(fields, "CASH_BK_AMT") + centsOf(fields, "TRAN_FEE")

/** AMOUNT alone, in cents: what triggers look at. */
export const amountCents = (fields: Fields): number => centsOf(fields, "AMOUNT")
