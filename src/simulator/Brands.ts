/** The brands the simulator knows, by their AUTH_CARD_TYPE letter (EPX data dictionary). */
export type Brand = "V" | "M" | "R" | "S" | "J" | "N" | "3"

const ranges: ReadonlyArray<readonly [from: number, to: number, brand: Brand]> = [
  [222100, 272099, "M"],
  [300000, 305999, "N"],
  [340000, 349999, "S"],
  [352800, 358999, "J"],
  [360000, 369999, "N"],
  [370000, 379999, "S"],
  [380000, 399999, "N"],
  [400000, 499999, "V"],
  // 50 belongs to Maestro, but EPX's own Mastercard trigger card starts with it.
  [500000, 559999, "M"],
  [601100, 601199, "R"],
  [620000, 629999, "3"],
  [644000, 659999, "R"]
]

/** The brand of an account number, or `undefined` where no issuer has the range. */
export const brandOf = (account: string): Brand | undefined => {
  const bin = Number(account.slice(0, 6))
  return ranges.find(([from, to]) => bin >= from && bin <= to)?.[2]
}

/** How many digits the brand prints (ISO/IEC 7812 allows more than is in use). */
export const hasBrandLength = (brand: Brand, digits: number): boolean => {
  switch (brand) {
    case "V":
      return digits === 13 || digits === 16 || digits === 19
    case "S":
      return digits === 15
    case "N":
      return digits >= 14 && digits <= 19
    default:
      return digits >= 16 && digits <= 19
  }
}

/** ISO/IEC 7812 check digit. */
export const passesLuhn = (account: string): boolean => {
  let sum = 0
  for (let index = 0; index < account.length; index++) {
    const digit = account.charCodeAt(account.length - 1 - index) - 48
    const doubled = digit * 2
    sum += index % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
