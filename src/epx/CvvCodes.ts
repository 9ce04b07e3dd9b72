import type { Brand } from "../domain/Card.ts"

/** What the issuer said about the security code; `absent` means the merchant claimed that the card bears none. */
export type CvvMatch = "match" | "no_match" | "absent" | "unavailable"

/** EPX data dictionary, AUTH_CVV2. */
export const cvvCodes: Readonly<Record<"amex" | "others", Readonly<Record<string, CvvMatch>>>> = {
  amex: { N: "no_match", U: "unavailable", Y: "match" },
  others: { M: "match", N: "no_match", P: "unavailable", S: "absent", U: "unavailable" }
}

/** A code that the brand's table does not list proves nothing about the security code. */
export const cvvMatch = (code: string, brand: Brand): CvvMatch =>
  cvvCodes[brand === "amex" ? "amex" : "others"][code] ?? "unavailable"
