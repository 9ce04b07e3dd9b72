import { MerchantIds } from "../domain/Ids.ts"

/** As JSON. */
export const killSwitchExample = {
  id: "kil_01m82000000000000000000001",
  object: "kill_switch",
  operation: "refund",
  merchant_id: MerchantIds.fromUuid("01a2042c-fd7c-766c-972a-9e5d917959a1"),
  reason: "Refunds to unknown cards, case 4711",
  created_at: "2026-11-22T16:30:00.000Z"
} as const
