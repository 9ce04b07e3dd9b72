import type { Brand } from "./Brands.ts"

/** AUTH_AVS as EPX's test environment gives it: `undefined` when no address data was sent. */
export const avsOf = (brand: Brand, address: string | undefined, zip: string | undefined): string | undefined => {
  if (address === undefined && zip === undefined) return undefined
  const isStreetMatch = address !== undefined && /^\s*123(?!\d)/.test(address)
  const isLongZip = zip === "123456789"
  const isZipMatch = isLongZip || zip === "12345"
  const hasLongLetters = isLongZip && (brand === "M" || brand === "R")
  if (isStreetMatch && isZipMatch) return hasLongLetters ? "X" : "Y"
  if (isStreetMatch) return "A"
  if (isZipMatch) return hasLongLetters ? "W" : "Z"
  return "N"
}

/** AUTH_CVV2 as EPX's test environment gives it: `undefined` when no code was sent. */
export const cvvOf = (brand: Brand, cvv: string | undefined): string | undefined => {
  if (cvv === undefined) return undefined
  if (brand === "S") return cvv === "1234" ? "Y" : "N"
  return cvv === "123" ? "M" : "N"
}

/** AUTH_RESP_TEXT of an approval. */
export const approvalText = (avs: string | undefined, authCode: string): string => {
  switch (avs) {
    case "X":
    case "Y":
      return "EXACT MATCH"
    case "W":
    case "Z":
      return "ZIP MATCH"
    case "A":
      return "ADDRESS MATCH"
    case "N":
      return "NO MATCH"
    default:
      return `APPROVAL ${authCode}`
  }
}
