import { DateTime, Option, Schema, Struct } from "effect"
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

const Settlement = Schema.Struct({ settlement_zone: SettlementZone, settlement_cutoff: SettlementCutoff })

/** EPI-Key of Custom Pay. It signs look-ups, so it is not shown again. */
export const LookupKey = Schema.RedactedFromValue(
  Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{8,128}$/, { expected: "8 to 128 visible ASCII characters" })),
  { label: "lookup key" }
)

/** What EPX has set up for a terminal beside the usual. */
const Features = Schema.Struct({ multiple_captures: Schema.Boolean, partial_approvals: Schema.Boolean })

const optionalFeatures = Features.mapFields(Struct.map(Schema.optionalKey))

/** A terminal to be added. */
export const NewTerminal = Schema.Struct({
  environment: Environment,
  ...FourPartKey.fields,
  ...Settlement.fields,
  ...optionalFeatures.fields,
  lookup_key: Schema.optionalKey(LookupKey)
}).annotate({
  identifier: "NewTerminal",
  description:
    "EPX's four-part key, and when its batch closes: `settlement_cutoff` is a local time of `settlement_zone` " +
    "(IANA). `lookup_key` is the EPI-Key of Custom Pay, by which lost outcomes are looked up; it is not shown again."
})
export type NewTerminal = typeof NewTerminal.Type

/** What may change about a terminal. A key that is null is forgotten. */
export const TerminalChange = Schema.Struct({
  ...Settlement.mapFields(Struct.map(Schema.optionalKey)).fields,
  ...optionalFeatures.fields,
  lookup_key: Schema.optionalKey(Schema.NullOr(LookupKey))
}).annotate({
  identifier: "TerminalChange",
  description: "What is not given stays as it is. A `lookup_key` of null is forgotten."
})
export type TerminalChange = typeof TerminalChange.Type

/** Which approvals of EPX a merchant does not want: they are undone at once, and answered as declines. */
const Refusals = Schema.Struct({ reject_on_avs: Schema.Boolean, reject_on_cvv: Schema.Boolean })

const optionalRefusals = Refusals.mapFields(Struct.map(Schema.optionalKey))

/** How often it may ask, and for how much at a time, of all processes together; null: as the configuration says. */
const Rate = Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })))
const Rates = Schema.Struct({
  reads_per_second: Rate,
  writes_per_second: Rate,
  writes_at_once: Rate,
  /** How many charges may be declined within ten minutes before no more are taken. */
  declines_per_customer: Rate,
  declines_per_address: Rate,
  declines_per_key: Rate
})

const optionalRates = Rates.mapFields(Struct.map(Schema.optionalKey))

/** A merchant to be created, with at most one terminal for each environment. */
export const NewMerchant = Schema.Struct({
  name: Name,
  ...optionalRefusals.fields,
  ...optionalRates.fields,
  terminals: Schema.optionalKey(Schema.Array(NewTerminal).check(Schema.isMaxLength(2)))
}).annotate({
  identifier: "NewMerchant",
  description:
    "At most one terminal for each environment. With `reject_on_avs` or `reject_on_cvv`, an approval whose address " +
    "or security code does not match at all is undone and answered as a decline."
})
export type NewMerchant = typeof NewMerchant.Type

/** What may change about a merchant. */
export const MerchantChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  ...optionalRefusals.fields,
  ...optionalRates.fields
}).annotate({
  identifier: "MerchantChange",
  description:
    "What is not given stays as it is. A limit of null is that of the configuration; one that changes holds after " +
    "two seconds. A limit of declines holds from the next one on, and where it lets charges in again, at once."
})
export type MerchantChange = typeof MerchantChange.Type

/** Where a merchant's payments of one environment go. For operators only: it shows the four-part key. */
export const Terminal = Schema.Struct({
  id: TerminalIds.Id,
  object: Schema.Literal("terminal"),
  environment: Environment,
  ...FourPartKey.fields,
  ...Settlement.fields,
  ...Features.fields,
  has_lookup_key: Schema.Boolean
}).annotate({ identifier: "Terminal", description: "Where a merchant's payments of one environment go." })
export type Terminal = typeof Terminal.Type

/** A suspended merchant can still read, but nothing can be charged for it. */
export const MerchantStatus = Schema.Literals(["active", "suspended"])
export type MerchantStatus = typeof MerchantStatus.Type

export const Merchant = Schema.Struct({
  id: MerchantIds.Id,
  object: Schema.Literal("merchant"),
  name: Name,
  ...Refusals.fields,
  ...Rates.fields,
  status: MerchantStatus,
  /** Goes up with each change of it or of its terminals. */
  version: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2_147_483_647 })),
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
