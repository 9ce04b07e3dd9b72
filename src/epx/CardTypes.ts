import type { Brand } from "../domain/Card.ts"

/** EPX data dictionary, AUTH_CARD_TYPE. Letters not listed are private label, stored value, fleet and the like. */
const brands: ReadonlyMap<string, Brand> = new Map([
  ["V", "visa"],
  ["M", "mastercard"],
  ["S", "amex"],
  ["R", "discover"],
  ["J", "jcb"],
  ["N", "diners"],
  ["3", "unionpay"],
  ["0", "maestro"]
])

/** The brand behind an AUTH_CARD_TYPE. */
export const brandOf = (cardType: string): Brand => brands.get(cardType) ?? "other"
