import type { MerchantId } from "./Ids.ts"
import type { Environment } from "./Terminal.ts"

/** Whose data: a merchant, and within it the test or the live side, which never see each other. */
export interface Tenant {
  readonly merchantId: MerchantId
  readonly environment: Environment
}
