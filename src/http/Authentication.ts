import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import { InvalidApiKey, ScopeMissing } from "../domain/AccessErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { ApiKeyId, MerchantId } from "../domain/Ids.ts"
import type { Scope } from "../domain/Scope.ts"
import type { Environment } from "../domain/Terminal.ts"
import { RateLimited } from "./Limits.ts"
import { problem } from "./Problem.ts"

export interface MerchantCredential {
  readonly keyId: ApiKeyId
  readonly merchantId: MerchantId
  /** A test key sees test payments only, a live key live ones. */
  readonly environment: Environment
  readonly scopes: ReadonlySet<Scope>
}

/** A valid key, which is not yet leave to do anything. */
export class Credential extends Context.Service<Credential, MerchantCredential>()("payment-service/http/Credential") {}

/** Who is calling. Only the middleware of a scope provides it: a handler without a declared scope does not compile. */
export class Caller extends Context.Service<Caller, MerchantCredential>()("payment-service/http/Caller") {}

const bearerOf = (description: string) =>
  HttpApiSecurity.annotate(HttpApiSecurity.bearer, OpenApi.Description, description)

export class Authentication extends HttpApiMiddleware.Service<Authentication, { provides: Credential }>()(
  "payment-service/http/Authentication",
  {
    security: {
      bearer: bearerOf("An API key of a merchant: `sk_test_…` sees test payments only, `sk_live_…` live ones.")
    },
    error: [problem(InvalidApiKey), problem(DatabaseUnavailable)]
  }
) {}

const scopeErrors = [problem(ScopeMissing), problem(RateLimited)] as const

export class PaymentsRead extends HttpApiMiddleware.Service<PaymentsRead, { requires: Credential; provides: Caller }>()(
  "payment-service/http/PaymentsRead",
  { error: scopeErrors }
) {}

export class PaymentsWrite extends HttpApiMiddleware.Service<
  PaymentsWrite,
  { requires: Credential; provides: Caller }
>()("payment-service/http/PaymentsWrite", { error: scopeErrors }) {}

export class RefundsWrite extends HttpApiMiddleware.Service<RefundsWrite, { requires: Credential; provides: Caller }>()(
  "payment-service/http/RefundsWrite",
  { error: scopeErrors }
) {}

/** Operator keys open the operator API and nothing else. */
export class Operator extends Context.Service<Operator, { readonly keyId: ApiKeyId }>()(
  "payment-service/http/Operator"
) {}

export class OperatorAuthentication extends HttpApiMiddleware.Service<OperatorAuthentication, { provides: Operator }>()(
  "payment-service/http/OperatorAuthentication",
  {
    security: { bearer: bearerOf("An operator key: `op_test_…` or `op_live_…`.") },
    error: [problem(InvalidApiKey), problem(DatabaseUnavailable)]
  }
) {}
