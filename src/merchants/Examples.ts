/** A terminal to be added, as it is on the wire. */
export const newTerminalExample = {
  environment: "test",
  cust_nbr: "7000",
  merch_nbr: "700010",
  dba_nbr: "1",
  terminal_nbr: "1",
  settlement_zone: "America/New_York",
  settlement_cutoff: "23:00"
} as const

export const terminalExample = {
  id: "ter_01m82000000000000000000003",
  object: "terminal",
  ...newTerminalExample,
  multiple_captures: false,
  partial_approvals: false,
  has_lookup_key: false
} as const

export const merchantExample = {
  id: "mer_01m82000000000000000000004",
  object: "merchant",
  name: "Shop",
  reject_on_avs: false,
  reject_on_cvv: false,
  reads_per_second: null,
  writes_per_second: null,
  writes_at_once: null,
  declines_per_customer: null,
  declines_per_address: null,
  declines_per_key: null,
  status: "active",
  version: 3,
  created_at: "2026-11-22T16:30:00.000Z",
  terminals: [terminalExample]
} as const

export const apiKeyExample = {
  id: "key_01m82000000000000000000005",
  object: "api_key",
  name: "Back end",
  environment: "test",
  merchant_id: merchantExample.id,
  scopes: ["payments:read", "payments:write"],
  hint: "w0rd",
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  created_at: "2026-11-22T16:30:00.000Z"
} as const

export const issuedApiKeyExample = { ...apiKeyExample, secret: "sk_test_…w0rd" } as const
