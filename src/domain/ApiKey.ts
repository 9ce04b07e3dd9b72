import { Schema } from "effect"
import { ApiKeyIds, MerchantIds } from "./Ids.ts"
import { Name } from "./Merchant.ts"
import { Scope } from "./Scope.ts"
import { Environment } from "./Terminal.ts"
import { Timestamp } from "./Timestamp.ts"

export const Scopes = Schema.UniqueArray(Scope)

/** What can be told about a key once its secret is gone. `hint` is the last four characters of the secret. */
export const ApiKey = Schema.Struct({
  id: ApiKeyIds.Id,
  object: Schema.Literal("api_key"),
  name: Name,
  environment: Environment,
  /** Null for an operator key, which has no scopes and opens the operator API only. */
  merchant_id: Schema.NullOr(MerchantIds.Id),
  scopes: Scopes,
  hint: Schema.String,
  /** The key works before this instant. */
  expires_at: Schema.NullOr(Timestamp),
  revoked_at: Schema.NullOr(Timestamp),
  /** Written once a minute, so it may be up to a minute behind. */
  last_used_at: Schema.NullOr(Timestamp),
  created_at: Timestamp
}).annotate({
  identifier: "ApiKey",
  description:
    "`hint` is the last four characters of the secret. `merchant_id` is null for an operator key, which has no scopes."
})
export type ApiKey = typeof ApiKey.Type

/** A new key with its secret, which nobody can read again. */
export const IssuedApiKey = Schema.Struct({
  ...ApiKey.fields,
  secret: Schema.RedactedFromValue(Schema.String, { label: "api key" })
}).annotate({ identifier: "IssuedApiKey", description: "A new key with its secret, which nobody can read again." })
export type IssuedApiKey = typeof IssuedApiKey.Type

export class ApiKeyNotFound extends Schema.TaggedError<ApiKeyNotFound>()(
  "ApiKeyNotFound",
  { api_key_id: ApiKeyIds.Id },
  { httpApiStatus: 404 }
) {
  override get message() {
    return `There is no API key ${this.api_key_id}.`
  }
}

export class ApiKeyInactive extends Schema.TaggedError<ApiKeyInactive>()(
  "ApiKeyInactive",
  { api_key_id: ApiKeyIds.Id },
  { httpApiStatus: 409 }
) {
  override get message() {
    return `API key ${this.api_key_id} is revoked or expired, so it cannot be rolled: create a new key.`
  }
}

export class ExpiryPassed extends Schema.TaggedError<ExpiryPassed>()("ExpiryPassed", {}, { httpApiStatus: 422 }) {
  override get message() {
    return "`expires_at` must be in the future."
  }
}
