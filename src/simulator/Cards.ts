import { createHmac } from "node:crypto"
import { type Brand, brandOf } from "./Brands.ts"

/** What the simulator keeps of a card: never its number. */
export interface Card {
  readonly brand: Brand
  readonly last4: string
  readonly masked: string
  /** Keyed with the seed: tells cards apart without naming them. */
  readonly hash: string
  /** AUTH_PAR, the same for every transaction of the card. */
  readonly paymentAccountReference: string
  /** Whether amount triggers apply. */
  readonly isTrigger: boolean
}

// EPX trigger-card list.
const triggerCards = {
  V: "4000000000000002",
  M: "5000000000000009",
  R: "6011499300000005",
  S: "340000000000009"
} as const

/** Published BRICs of the four trigger cards. They approve, never expire and work for any four-part key. */
export const testBrics = {
  visa: "09LTESTVISA00000001",
  mastercard: "09LTESTMAST00000001",
  discover: "09LTESTDISC00000001",
  amex: "09LTESTAMEX00000001"
} as const

const cardsOfTestBrics: { readonly [bric: string]: string } = {
  [testBrics.visa]: triggerCards.V,
  [testBrics.mastercard]: triggerCards.M,
  [testBrics.discover]: triggerCards.R,
  [testBrics.amex]: triggerCards.S
}

const digitsOf = (hex: string, count: number): string =>
  BigInt(`0x${hex}`).toString().padStart(count, "0").slice(-count)

/** Cards seen so far, one object each. */
export class Cards {
  readonly #key: string
  readonly #known = new Map<string, Card>()
  readonly #stored: ReadonlyMap<string, Card | undefined>

  constructor(seed: string) {
    this.#key = seed
    this.#stored = new Map(Object.entries(cardsOfTestBrics).map(([bric, account]) => [bric, this.find(account)]))
  }

  /** `undefined` when no issuer has the number. */
  find(account: string): Card | undefined {
    const brand = brandOf(account)
    if (brand === undefined) return undefined
    const hash = createHmac("sha256", this.#key).update(account).digest("hex")
    const known = this.#known.get(hash)
    if (known !== undefined) return known
    const card: Card = {
      brand,
      last4: account.slice(-4),
      masked: `${"*".repeat(account.length - 4)}${account.slice(-4)}`,
      hash: hash.slice(0, 16),
      paymentAccountReference: `${brand}${digitsOf(hash, 28)}`,
      isTrigger: Object.values<string>(triggerCards).includes(account)
    }
    this.#known.set(hash, card)
    return card
  }

  /** The card behind one of the published BRICs. */
  findTestBric(bric: string): Card | undefined {
    return this.#stored.get(bric)
  }
}
