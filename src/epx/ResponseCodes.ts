import type { Brand } from "../domain/Card.ts"
import type { Decline, DeclineCategory } from "../domain/Decline.ts"
import { amexCodes } from "./AmexCodes.ts"
import { type MessageKey, messages } from "./Messages.ts"

/**
 * What may follow a refusal: `no` never again with this card or account, `later` the same after a day or more, `fix`
 * after the payer corrected something, `tech` again soon as a new transaction, `ops` an operator mends something first,
 * `unknown` nothing is decided and the call must be reversed or looked up, `none` for approvals.
 */
type Retry = "none" | "no" | "later" | "fix" | "tech" | "ops" | "unknown"

/** The meaning of one code. `meaning` is for operators, `message` for the payer. */
export type CodeMeaning = readonly [
  category: DeclineCategory | "approved",
  retry: Retry,
  message: MessageKey,
  meaning: string
]

/** Whose dialect a code is in: a few codes differ between brands, or mean something else for bank accounts. */
export type Dialect = Brand | "ach"

/** EPX response codes, AUTH_RESP. The categories and retry classes are ours. */
export const responseCodes: ReadonlyMap<string, CodeMeaning> = new Map([
  ["00", ["approved", "none", "ok", "approved; for ACH only accepted for processing"]],
  ["01", ["referral", "no", "generic", "refer to the issuer"]],
  ["02", ["referral", "no", "generic", "refer to the issuer, special condition"]],
  ["03", ["configuration", "ops", "ours", "merchant or terminal not valid"]],
  ["04", ["hard", "no", "generic", "retain the card, not for fraud"]],
  ["05", ["soft", "later", "generic", "declined without a reason"]],
  ["06", ["system", "tech", "ours", "general error"]],
  ["07", ["hard", "no", "generic", "retain the card, possible fraud"]],
  ["08", ["referral", "no", "generic", "approve if identification is seen"]],
  ["10", ["partial_approval", "none", "part", "approved for less than requested"]],
  ["11", ["state", "unknown", "unknown", "approval of a kind not listed for cards"]],
  ["12", ["hard", "no", "generic", "transaction not valid for this card"]],
  ["13", ["request", "ops", "ours", "amount not valid"]],
  ["14", ["fixable", "fix", "number", "account number not valid"]],
  ["15", ["hard", "no", "number", "no such issuer"]],
  ["17", ["hard", "no", "generic", "cancelled by the customer"]],
  ["19", ["system", "tech", "later", "enter the transaction again"]],
  ["21", ["state", "ops", "ours", "no action taken"]],
  ["22", ["state", "ops", "ours", "no action taken"]],
  ["25", ["state", "ops", "ours", "record referred to not found"]],
  ["28", ["system", "later", "later", "file temporarily unavailable"]],
  ["30", ["request", "ops", "ours", "message format error"]],
  ["31", ["configuration", "no", "generic", "bank not supported by the switch"]],
  ["33", ["fixable", "fix", "expired", "card expired"]],
  ["34", ["hard", "no", "generic", "suspected fraud"]],
  ["35", ["referral", "ops", "generic", "contact the acquirer"]],
  ["36", ["hard", "no", "generic", "restricted card"]],
  ["37", ["hard", "no", "generic", "call the acquirer's security"]],
  ["38", ["fixable", "no", "generic", "PIN tries exceeded"]],
  ["39", ["hard", "no", "generic", "no credit account"]],
  ["40", ["configuration", "no", "generic", "function not supported"]],
  ["41", ["hard", "no", "generic", "lost card"]],
  ["43", ["hard", "no", "generic", "stolen card"]],
  ["46", ["hard", "no", "generic", "account closed"]],
  ["51", ["soft", "later", "funds", "insufficient funds"]],
  ["52", ["hard", "no", "number", "no checking account"]],
  ["53", ["hard", "no", "number", "no savings account"]],
  ["54", ["fixable", "fix", "expired", "card expired"]],
  ["55", ["fixable", "no", "generic", "wrong PIN"]],
  ["56", ["hard", "no", "number", "card unknown to the issuer"]],
  ["57", ["hard", "no", "generic", "not permitted to this card"]],
  ["58", ["configuration", "ops", "ours", "not permitted to this terminal"]],
  ["59", ["hard", "no", "generic", "suspected fraud"]],
  ["60", ["configuration", "ops", "ours", "merchant must contact the acquirer"]],
  ["61", ["soft", "later", "funds", "amount limit exceeded"]],
  ["62", ["hard", "no", "generic", "card restricted, or not valid in this region"]],
  ["63", ["hard", "no", "generic", "security violation"]],
  ["64", ["hard", "no", "generic", "money-laundering rule, or original amount wrong"]],
  ["65", ["soft", "later", "funds", "activity count exceeded"]],
  ["66", ["configuration", "ops", "ours", "merchant must contact the acquirer"]],
  ["67", ["hard", "no", "generic", "capture the card"]],
  ["68", ["system", "unknown", "unknown", "answer came too late in the network"]],
  ["70", ["referral", "no", "generic", "contact the issuer"]],
  ["75", ["fixable", "no", "generic", "PIN tries exceeded"]],
  ["76", ["state", "ops", "ours", "earlier message not found"]],
  ["77", ["state", "ops", "ours", "does not match the original"]],
  ["78", ["hard", "no", "number", "card not activated, or no account"]],
  ["79", ["hard", "no", "generic", "life-cycle decline"]],
  ["80", ["request", "ops", "ours", "date not valid, or no financial impact"]],
  ["81", ["configuration", "ops", "generic", "PIN cryptography, or debit not allowed"]],
  ["82", ["fixable", "fix", "cvv", "security code wrong"]],
  ["83", ["hard", "no", "generic", "PIN not verifiable, or security decline"]],
  ["84", ["request", "ops", "ours", "authorization life cycle not valid"]],
  ["85", ["approved", "unknown", "unknown", "no reason to decline"]],
  ["86", ["fixable", "no", "generic", "PIN not verifiable"]],
  ["87", ["system", "tech", "later", "network unavailable"]],
  ["88", ["system", "tech", "later", "cryptographic failure"]],
  ["89", ["fixable", "no", "generic", "PIN required"]],
  ["90", ["system", "tech", "later", "system error"]],
  ["91", ["system", "later", "later", "issuer or switch unavailable"]],
  ["92", ["system", "later", "later", "no route to the issuer"]],
  ["93", ["hard", "no", "generic", "cannot be completed, violation of a rule"]],
  ["94", ["state", "unknown", "unknown", "duplicate transmission seen by the network"]],
  ["96", ["system", "tech", "later", "system malfunction"]],
  ["1A", ["fixable", "fix", "authenticate", "customer authentication required"]],
  ["6P", ["fixable", "fix", "address", "verification data failed"]],
  ["B1", ["request", "ops", "ours", "surcharge not allowed"]],
  ["DA", ["request", "ops", "ours", "fleet prompts not valid"]],
  ["E1", ["request", "ops", "ours", "standard entry class not supported"]],
  ["E2", ["request", "fix", "address", "profile demands an address"]],
  ["E3", ["request", "fix", "cvv", "profile demands a security code"]],
  ["E4", ["configuration", "ops", "ours", "service not enabled"]],
  ["E5", ["configuration", "ops", "ours", "service not enabled"]],
  ["E6", ["configuration", "ops", "ours", "service not enabled"]],
  ["E7", ["configuration", "ops", "ours", "terminal id not valid"]],
  ["E9", ["system", "unknown", "unknown", "network did not answer"]],
  ["EA", ["fixable", "fix", "number", "account number length"]],
  ["EB", ["fixable", "fix", "number", "account number check digit"]],
  ["EC", ["fixable", "fix", "cvv", "security code format"]],
  ["ED", ["state", "ops", "ours", "authorization too old to capture"]],
  ["EE", ["hard", "no", "generic", "card product blocked"]],
  ["EF", ["request", "ops", "ours", "BRIC not allowed on a PIN transaction"]],
  ["EH", ["request", "ops", "ours", "card entry method does not fit the data"]],
  ["EI", ["request", "ops", "ours", "CARD_ID not valid"]],
  ["EJ", ["request", "ops", "ours", "PIN block missing"]],
  ["EK", ["configuration", "ops", "ours", "PIN-less routing not allowed"]],
  ["EL", ["system", "tech", "ours", "BRIC storage failed"]],
  ["EM", ["request", "ops", "generic", "debit must be swiped"]],
  ["EN", ["system", "unknown", "unknown", "EPX's token service timed out"]],
  ["EO", ["fixable", "fix", "cvv", "security code does not match"]],
  ["EP", ["configuration", "ops", "ours", "transaction not allowed"]],
  ["EQ", ["system", "tech", "later", "no gateway to the network"]],
  ["ER", ["system", "tech", "ours", "error"]],
  ["ES", ["configuration", "ops", "generic", "refused by EPX's own validation"]],
  ["ET", ["request", "ops", "ours", "chip data required"]],
  ["EU", ["system", "ops", "later", "network rejected the item"]],
  ["EV", ["state", "ops", "ours", "authorization already captured"]],
  ["EW", ["request", "ops", "ours", "a field failed its pattern"]],
  ["EX", ["request", "ops", "ours", "check number missing"]],
  ["EY", ["request", "no", "generic", "contactless not allowed"]],
  ["N0", ["system", "later", "later", "forced stand-in"]],
  ["N3", ["hard", "no", "generic", "cash-back not available"]],
  ["N4", ["hard", "no", "generic", "cash-back over the limit"]],
  ["N6", ["soft", "later", "generic", "declined"]],
  ["N7", ["fixable", "fix", "cvv", "declined for the security code"]],
  ["NR", ["configuration", "ops", "ours", "no debit network"]],
  ["P2", ["request", "ops", "ours", "biller data not valid"]],
  ["P5", ["hard", "no", "generic", "PIN change refused"]],
  ["P6", ["hard", "no", "generic", "unsafe PIN"]],
  ["Q1", ["fixable", "no", "generic", "card authentication failed"]],
  ["R0", ["hard", "no", "stop", "cardholder stopped this payment"]],
  ["R1", ["hard", "no", "stop", "cardholder revoked this series"]],
  ["R3", ["hard", "no", "stop", "cardholder revoked every payment to this merchant"]],
  ["RR", ["request", "ops", "ours", "request data not valid"]],
  ["S4", ["system", "tech", "later", "PIN block translation failed"]],
  ["S5", ["state", "ops", "ours", "original purchase not found"]],
  ["S7", ["state", "ops", "ours", "original purchase not found"]],
  ["S8", ["state", "ops", "ours", "authorization not found"]],
  ["S9", ["request", "ops", "ours", "TLV tags not valid"]],
  ["SA", ["fixable", "fix", "expired", "life cycle: newer account data exist"]],
  ["SB", ["soft", "later", "generic", "life cycle: cannot be approved now"]],
  ["SC", ["hard", "no", "generic", "life cycle: do not try again"]],
  ["SD", ["hard", "no", "generic", "life cycle: token requirements not met"]],
  ["SE", ["hard", "no", "stop", "life cycle: payment cancelled"]],
  ["SF", ["configuration", "ops", "generic", "life cycle: merchant not eligible"]],
  ["SG", ["fixable", "fix", "expired", "policy: newer account data exist"]],
  ["SH", ["soft", "later", "generic", "policy: cannot be approved now"]],
  ["SI", ["hard", "no", "generic", "policy: do not try again"]],
  ["SJ", ["hard", "no", "generic", "policy: token requirements not met"]],
  ["SK", ["hard", "no", "stop", "policy: payment cancelled"]],
  ["SL", ["configuration", "ops", "generic", "policy: merchant not eligible"]],
  ["SM", ["fixable", "fix", "expired", "fraud or security: newer account data exist"]],
  ["SN", ["soft", "later", "generic", "fraud or security: cannot be approved now"]],
  ["SO", ["hard", "no", "generic", "fraud or security: do not try again"]],
  ["SP", ["hard", "no", "generic", "fraud or security: token requirements not met"]],
  ["SQ", ["hard", "no", "stop", "fraud or security: payment cancelled"]],
  ["SR", ["configuration", "ops", "generic", "fraud or security: merchant not eligible"]],
  ["SS", ["state", "fix", "expired", "verification of the stored card expired"]],
  ["ST", ["fixable", "fix", "number", "verification of the stored card failed"]],
  ["SU", ["fixable", "fix", "generic", "wallet token could not be decrypted"]],
  ["SV", ["configuration", "ops", "ours", "merchant suspended by EPX's risk engine"]],
  ["SW", ["request", "ops", "ours", "required detail missing"]],
  ["SX", ["hard", "no", "number", "bank account had a fatal return before"]],
  ["TO", ["system", "unknown", "unknown", "time-out"]],
  ["Z1", ["hard", "no", "generic", "declined offline"]],
  ["Z3", ["hard", "no", "generic", "unable to go online"]]
])

/** EPX response codes: where a brand, or ACH, means something else by a code. */
export const dialects: Readonly<Partial<Record<Dialect, ReadonlyMap<string, CodeMeaning>>>> = {
  mastercard: new Map([
    ["82", ["hard", "no", "generic", "policy decline"]],
    ["87", ["hard", "no", "generic", "cash-back not available"]]
  ]),
  ach: new Map([
    ["14", ["hard", "no", "number", "account closed, unknown, or not open to ACH"]],
    ["25", ["fixable", "fix", "number", "account number does not fit the routing number"]],
    ["78", ["fixable", "fix", "number", "routing number not valid"]],
    ["EA", ["state", "ops", "ours", "original too old"]],
    // The ACH list of 2025 prints EX where the data dictionary has SX.
    ["EX", ["hard", "no", "number", "bank account had a fatal return before"]]
  ])
}

/** What a response code means in a dialect; undefined for a code that no list contains. */
export const meaningOf = (code: string, dialect: Dialect): CodeMeaning | undefined =>
  dialects[dialect]?.get(code) ?? responseCodes.get(code)

const isRefusal = ([category, retry]: CodeMeaning): boolean =>
  category !== "approved" && category !== "partial_approval" && retry !== "unknown"

/**
 * EPX folds some network codes into 05 without saying which, so behind a 05 a network code that is a known refusal
 * explains more. It never makes a decision: 05 stays a refusal.
 */
const unfold = (code: string, network: string | null, dialect: Dialect): readonly [string, CodeMeaning] | undefined => {
  if (code === "05" && network !== null) {
    const folded =
      dialect === "amex" ? (amexCodes.get(network) ?? meaningOf(network, dialect)) : meaningOf(network, dialect)
    if (folded !== undefined && isRefusal(folded)) return [network, folded]
  }
  const meaning = meaningOf(code, dialect)
  return meaning === undefined || !isRefusal(meaning) ? undefined : [code, meaning]
}

/** The refusal behind a response code; undefined for approvals, undecided and unlisted codes. */
export const declineOf = (code: string, network: string | null, dialect: Dialect): Decline | undefined => {
  const refusal = unfold(code, network, dialect)
  if (refusal === undefined) return undefined
  const [known, [category, retry, message]] = refusal
  return category === "approved"
    ? undefined
    : { code: known, category, message: messages[message], retryable: retry === "later" || retry === "tech" }
}
