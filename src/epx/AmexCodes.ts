import type { CodeMeaning } from "./ResponseCodes.ts"

/** American Express action codes, which EPX shows only in NETWORK_RESPONSE. Categories and retry classes are ours. */
export const amexCodes: ReadonlyMap<string, CodeMeaning> = new Map([
  ["000", ["approved", "none", "ok", "approved"]],
  ["001", ["approved", "none", "ok", "approved with identification"]],
  ["002", ["partial_approval", "none", "part", "approved for less than requested"]],
  ["100", ["soft", "later", "generic", "denied"]],
  ["101", ["fixable", "fix", "expired", "card expired"]],
  ["106", ["fixable", "no", "generic", "PIN tries exceeded"]],
  ["107", ["referral", "no", "generic", "call the issuer"]],
  ["109", ["configuration", "ops", "ours", "merchant not valid"]],
  ["110", ["request", "ops", "ours", "amount not valid"]],
  ["111", ["fixable", "fix", "number", "account not valid"]],
  ["115", ["hard", "no", "generic", "service not permitted"]],
  ["116", ["soft", "later", "funds", "insufficient funds"]],
  ["117", ["fixable", "no", "generic", "wrong PIN"]],
  ["119", ["hard", "no", "number", "card unknown to the issuer"]],
  ["121", ["soft", "later", "funds", "limit exceeded"]],
  ["125", ["fixable", "fix", "expired", "effective date not valid"]],
  ["181", ["request", "ops", "ours", "format error"]],
  ["183", ["request", "ops", "ours", "currency not valid"]],
  ["187", ["fixable", "fix", "expired", "a new card was issued"]],
  ["189", ["configuration", "ops", "ours", "merchant cancelled"]],
  ["200", ["hard", "no", "generic", "pick up the card"]],
  ["900", ["system", "tech", "later", "chip counter out of step"]],
  ["909", ["system", "tech", "later", "system malfunction"]],
  ["912", ["system", "later", "later", "issuer unavailable"]]
])
