import type { ApiKeyId } from "../domain/Ids.ts"
import type { Environment } from "../domain/Terminal.ts"
import type { MerchantCredential } from "../http/Authentication.ts"
import type { KeyHolder } from "./ApiKeysRepo.ts"

/** What a valid key proves. */
export type KeyCredential = MerchantKey | OperatorKey

interface MerchantKey extends MerchantCredential {
  readonly _tag: "MerchantKey"
}

interface OperatorKey {
  readonly _tag: "OperatorKey"
  readonly keyId: ApiKeyId
  readonly environment: Environment
}

export const credentialOf = (key: KeyHolder): KeyCredential =>
  key.merchant_id === null
    ? { _tag: "OperatorKey", keyId: key.id, environment: key.environment }
    : {
        _tag: "MerchantKey",
        keyId: key.id,
        merchantId: key.merchant_id,
        environment: key.environment,
        scopes: new Set(key.scopes)
      }
