import { DateTime, Option, Schema } from "effect"
import { MerchantIds, TerminalIds } from "./Ids.ts"
import { Environment, FourPartKey } from "./Terminal.ts"
import { Timestamp } from "./Timestamp.ts"

/** A name that people gave. Postgres cannot store NUL, and other control characters could forge lines in a log. */
export const Name = Schema.String.check(
  Schema.isNonEmpty(),
  Schema.isMaxLength(200),
  Schema.isTrimmed(),
  Schema.isPattern(/^\P{Cc}*$/u)
)

/** An IANA time zone such as `America/New_York`; a bare offset is refused, since it knows no summer time. */
export const SettlementZone = Schema.String.check(
  Schema.makeFilter((zone) => isZone(zone) || "Expected an IANA time zone such as America/New_York")
)

// No abbreviation: Node and Postgres do not mean the same by `IST`, and Postgres does not know them all.
const isZone = (zone: string): boolean =>
  /^(?:UTC$|[A-Za-z]+\/)/.test(zone) && Option.isSome(DateTime.zoneMakeNamed(zone))

/** Local time of day, `HH:MM`, at which EPX closes the batch of a terminal and the business date rolls. */
export const SettlementCutoff = Schema.String.check(Schema.isPattern(/^([01][0-9]|2[0-3]):[0-5][0-9]$/))

/** What may change about a terminal. */
export const Settlement = Schema.Struct({ settlement_zone: SettlementZone, settlement_cutoff: SettlementCutoff })
export type Settlement = typeof Settlement.Type

/** A terminal to be added. */
export const NewTerminal = Schema.Struct({
  environment: Environment,
  ...FourPartKey.fields,
  ...Settlement.fields
}).annotate({
  identifier: "NewTerminal",
  description:
    "EPX's four-part key, and when its batch closes: `settlement_cutoff` is a local time of `settlement_zone` (IANA)."
})
export type NewTerminal = typeof NewTerminal.Type

/** A merchant to be created, with at most one terminal for each environment. */
export const NewMerchant = Schema.Struct({
  name: Name,
  terminals: Schema.optionalKey(Schema.Array(NewTerminal).check(Schema.isMaxLength(2)))
}).annotate({ identifier: "NewMerchant", description: "At most one terminal for each environment." })
export type NewMerchant = typeof NewMerchant.Type

/** Where a merchant's payments of one environment go. For operators only: it shows the four-part key. */
export const Terminal = Schema.Struct({
  id: TerminalIds.Id,
  object: Schema.Literal("terminal"),
  ...NewTerminal.fields
}).annotate({ identifier: "Terminal", description: "Where a merchant's payments of one environment go." })
export type Terminal = typeof Terminal.Type

/** A suspended merchant can still read, but nothing can be charged for it. */
export const MerchantStatus = Schema.Literals(["active", "suspended"])
export type MerchantStatus = typeof MerchantStatus.Type

export const Merchant = Schema.Struct({
  id: MerchantIds.Id,
  object: Schema.Literal("merchant"),
  name: Name,
  status: MerchantStatus,
  created_at: Timestamp,
  terminals: Schema.Array(Terminal)
}).annotate({ identifier: "Merchant", description: "A suspended merchant can still read, but nothing can be charged." })
export type Merchant = typeof Merchant.Type

export class MerchantNotFound extends Schema.TaggedError<MerchantNotFound>()(
  "MerchantNotFound",
  { merchant_id: MerchantIds.Id },
  { httpApiStatus: 404 }
) {
  override get message() {
    return `There is no merchant ${this.merchant_id}.`
  }
}

export class TerminalNotFound extends Schema.TaggedError<TerminalNotFound>()(
  "TerminalNotFound",
  { merchant_id: MerchantIds.Id, terminal_id: TerminalIds.Id },
  { httpApiStatus: 404 }
) {
  override get message() {
    return `Merchant ${this.merchant_id} has no terminal ${this.terminal_id}.`
  }
}

/** The key itself is not repeated: it is the only credential of Server Post. */
export class TerminalTaken extends Schema.TaggedError<TerminalTaken>()("TerminalTaken", {}, { httpApiStatus: 409 }) {
  override get message() {
    return "A terminal with this four-part key exists already in this environment."
  }
}

export class MerchantHasTerminal extends Schema.TaggedError<MerchantHasTerminal>()(
  "MerchantHasTerminal",
  {},
  { httpApiStatus: 409 }
) {
  override get message() {
    return "A merchant has one terminal in each environment, and this one is there already."
  }
}
