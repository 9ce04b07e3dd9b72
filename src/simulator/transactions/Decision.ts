import type { Brand } from "../Brands.ts"
import type { Card } from "../Cards.ts"
import { textOf } from "../Codes.ts"
import type { Forced } from "../faults/Fault.ts"
import type { Profile } from "../Profile.ts"
import { type Trigger, triggerOf } from "../Triggers.ts"

/** What the issuer decided about one purchase. */
export interface Decision {
  /** AUTH_RESP. */
  readonly code: string
  /** NETWORK_RESPONSE. */
  readonly network: string
  /** Absent: the text of an approval, which depends on AVS. */
  readonly text?: string
  /** Cents the client is told. */
  readonly told: number
  /** Cents that really stand. */
  readonly charged: number
  readonly hasAuthCode: boolean
}

const refuse = (card: Card, { code, network, text }: Trigger): Decision => ({
  code,
  network,
  text: text ?? textOf(code, card.brand),
  told: 0,
  charged: 0,
  hasAuthCode: false
})

const simple = (code: string): Trigger => ({ code, network: code })

const approve = (card: Card, code: string, cents: number): Decision => ({
  code,
  network: code,
  ...(code === "00" ? {} : { text: textOf(code, card.brand) }),
  told: cents,
  charged: cents,
  hasAuthCode: true
})

/** What is approved of cents in part: the worked sample turns 1.59 into 0.80. */
export const half = (cents: number): number => Math.ceil(cents / 2)

const obey = (card: Card, cents: number, trigger: Trigger): Decision => {
  switch (trigger.code) {
    case "00":
    case "11":
      return approve(card, trigger.code, cents)
    case "10":
      return approve(card, "10", half(cents))
    default:
      return refuse(card, trigger)
  }
}

/** The raw code behind a 05 for lack of funds; Amex has three digits (EPX response-code list). */
export const fundsCode = (brand: Brand | undefined): string => (brand === "S" ? "116" : "51")

const obeyForced = (card: Card, cents: number, forced: Forced, own: Decision): Decision => {
  switch (forced.kind) {
    case "code": {
      const decision = obey(card, cents, forced)
      return forced.charged ? { ...decision, charged: cents } : decision
    }
    case "folded": {
      const network = own.charged > 0 ? fundsCode(card.brand) : own.network
      return refuse(card, { code: "05", network })
    }
    case "code_on_decline":
      return { ...(own.charged > 0 ? refuse(card, simple("05")) : own), hasAuthCode: true }
    default:
      return own
  }
}

/** Scenario before trigger before approval. `cents` is what is asked for, `trigger` what the amount says. */
export const decide = (
  card: Card,
  profile: Profile,
  amount: { readonly cents: number; readonly trigger: Trigger | undefined },
  forced: Forced | undefined
): Decision => {
  const asked = forced?.kind === "partial" ? simple("10") : (amount.trigger ?? simple("00"))
  const trigger = asked.code === "10" && !profile.partial_approvals ? simple("05") : asked
  const own = obey(card, amount.cents, trigger)
  return forced === undefined ? own : obeyForced(card, amount.cents, forced, own)
}

/** The trigger of an amount, where the card and the profile heed triggers. */
export const heededTrigger = (
  card: Card,
  profile: Profile,
  amountCents: number,
  isByBric: boolean
): Trigger | undefined =>
  card.isTrigger && (profile.triggers_on_bric || !isByBric) ? triggerOf(card.brand, amountCents) : undefined
