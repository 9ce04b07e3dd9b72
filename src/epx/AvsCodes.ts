import type { Brand } from "../domain/Card.ts"

/** What of the billing address the issuer confirmed. A mismatch declines nothing by itself. */
export type AvsMatch = "full" | "postal" | "street" | "none" | "unavailable"

type Table = Readonly<Record<string, AvsMatch>>

/** EPX data dictionary, AUTH_AVS. The same letter means different things on different brands. */
export const avsCodes: Readonly<Record<"visa" | "mastercard" | "discover" | "amex", Table>> = {
  visa: {
    A: "street",
    B: "street",
    C: "unavailable",
    D: "full",
    F: "full",
    G: "unavailable",
    I: "unavailable",
    M: "full",
    N: "none",
    P: "postal",
    R: "unavailable",
    S: "unavailable",
    U: "unavailable",
    W: "postal",
    X: "full",
    Y: "full",
    Z: "postal"
  },
  mastercard: {
    A: "street",
    N: "none",
    R: "unavailable",
    S: "unavailable",
    U: "unavailable",
    W: "postal",
    X: "full",
    Y: "full",
    Z: "postal"
  },
  discover: {
    A: "street",
    G: "unavailable",
    N: "none",
    R: "unavailable",
    S: "unavailable",
    U: "unavailable",
    W: "postal",
    X: "full",
    Y: "full",
    Z: "postal"
  },
  // Amex also compares the name; only the address part is kept.
  amex: {
    A: "street",
    D: "postal",
    E: "full",
    F: "street",
    K: "none",
    L: "postal",
    M: "full",
    N: "none",
    O: "street",
    R: "unavailable",
    S: "unavailable",
    U: "unavailable",
    W: "none",
    Y: "full",
    Z: "postal"
  }
}

/** In the United States JCB, Diners Club and UnionPay run over Discover's network, Maestro over Mastercard's. */
const tableOf = (brand: Brand): Table => {
  switch (brand) {
    case "visa":
    case "amex":
    case "mastercard":
      return avsCodes[brand]
    case "maestro":
      return avsCodes.mastercard
    case "discover":
    case "jcb":
    case "diners":
    case "unionpay":
      return avsCodes.discover
    case "other":
      return {}
  }
}

/** A code that the brand's table does not list proves nothing about the address. */
export const avsMatch = (code: string, brand: Brand): AvsMatch => tableOf(brand)[code] ?? "unavailable"
