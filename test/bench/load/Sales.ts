/** The body of a sale, as the service and the baseline take it. */
export interface Sale {
  readonly amount: number
  readonly body: string
}

/**
 * The n-th sale. Amounts spread over 2.00 … 999.99 dollars and avoid the sandbox's trigger amounts: the last three digits
 * of the cents 100 … 199 (EPX sandbox guide, amount rule). The BRICs take turns.
 */
export const makeSale = (n: number, brics: ReadonlyArray<string>): Sale => {
  const spread = 200 + ((n * 7_919) % 99_800)
  const lastThree = spread % 1_000
  const amount = lastThree >= 100 && lastThree <= 199 ? spread + 100 : spread
  const bric = brics[n % brics.length]
  return { amount, body: `{"amount":${amount},"currency":"USD","capture":true,"source":{"bric":"${bric}"}}` }
}
