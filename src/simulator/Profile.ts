import { Schema, Struct } from "effect"
import { CutOffTime, SettlementZone } from "./CutOff.ts"
import { testEpiKey } from "./EpiKey.ts"

/** What EPX leaves open or lets a merchant choose, for one four-part key. */
export const Profile = Schema.Struct({
  /** Whether EPX knows the four-part key. */
  known: Schema.Boolean,
  response_version: Schema.Literals([10, 8, 7]),
  partial_approvals: Schema.Boolean,
  avs_required: Schema.Boolean,
  cvv_required: Schema.Boolean,
  /** When set, each request must carry it. */
  mac: Schema.NullOr(Schema.String),
  disabled_types: Schema.Array(Schema.String),
  auth_guid_on_decline: Schema.Boolean,
  auth_guid_on_rr: Schema.Boolean,
  fields_on_rr: Schema.Literals(["minimal", "full"]),
  dup_mode: Schema.Literals(["per_type", "off", "strict", "94"]),
  timeout_render: Schema.Literals(["no_answer", "TO", "504"]),
  /** A timeout reversal after more than two minutes; `00` reverses. */
  late_cce7: Schema.Literals(["25", "00", "ED"]),
  /** A timeout reversal of a declined original. */
  cce7_declined: Schema.Literals(["25", "00"]),
  /** A second timeout reversal of the same original. */
  cce7_twice: Schema.Literals(["25", "00"]),
  /** A refund of a sale or capture whose batch is still open. */
  refund_unsettled: Schema.Literals(["allow", "S7"]),
  /** Whether a refund must name ORIG_BATCH_ID and ORIG_TRAN_NBR. */
  orig_pair_required: Schema.Boolean,
  /** Whether refunds are answered with TRAN_TYPE CCEA; never those of Amex. */
  ccea_rewrite: Schema.Boolean,
  /** A storage BRIC that the issuer's verification refuses. */
  decline_storage_code: Schema.Literals(["05", "EO", "ST"]),
  /** Whether batches close at the cut-off, and not by CCEZ alone. */
  auto_close: Schema.Boolean,
  settlement_cut_off: CutOffTime,
  settlement_time_zone: SettlementZone,
  batch_id_required: Schema.Boolean,
  connection_close: Schema.Boolean,
  local_time_zone: Schema.Literals(["America/New_York", "America/Phoenix"]),
  verbose_allowed: Schema.Boolean,
  /** Whether amount triggers apply to transactions by BRIC. */
  triggers_on_bric: Schema.Boolean,
  /** The secret of look-ups. */
  epi_key: Schema.NonEmptyString,
  /** Whether the signature of a look-up covers the query string. */
  epi_signs_query: Schema.Boolean,
  listing_includes_declines: Schema.Boolean,
  /** Simulated seconds until a transaction shows in lists. */
  listing_lag_seconds: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
})
export type Profile = typeof Profile.Type

/** Some switches of a profile, to be changed. */
export const ProfilePatch = Profile.mapFields(Struct.map(Schema.optionalKey))
export type ProfilePatch = typeof ProfilePatch.Type

/** What a four-part key has until it is told otherwise. */
export const defaultProfile: Profile = {
  known: true,
  response_version: 10,
  partial_approvals: false,
  avs_required: false,
  cvv_required: false,
  mac: null,
  disabled_types: [],
  auth_guid_on_decline: true,
  auth_guid_on_rr: false,
  fields_on_rr: "minimal",
  dup_mode: "per_type",
  timeout_render: "no_answer",
  late_cce7: "25",
  cce7_declined: "25",
  cce7_twice: "25",
  refund_unsettled: "allow",
  orig_pair_required: false,
  ccea_rewrite: false,
  decline_storage_code: "05",
  auto_close: true,
  settlement_cut_off: "23:00",
  settlement_time_zone: "America/New_York",
  batch_id_required: false,
  connection_close: true,
  local_time_zone: "America/New_York",
  verbose_allowed: true,
  triggers_on_bric: true,
  epi_key: testEpiKey,
  epi_signs_query: false,
  listing_includes_declines: true,
  listing_lag_seconds: 0
}
