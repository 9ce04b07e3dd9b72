import { Effect, Layer, Option, Result } from "effect"
import { HttpServerResponse, ProblemDetails } from "effect/http"
import { InvalidApiKey } from "../domain/AccessErrors.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import type { Environment } from "../domain/Terminal.ts"
import { Authentication, Credential, Operator, OperatorAuthentication } from "../http/Authentication.ts"
import { problemBody } from "../http/Problem.ts"
import { ApiKeys } from "./ApiKeys.ts"

/** Opens the API of merchants to their keys. */
export const AuthenticationLayer = Layer.effect(
  Authentication,
  Effect.gen(function* () {
    const { authenticate } = yield* ApiKeys
    return Authentication.of({
      bearer: Effect.fnUntraced(function* (handler, { credential }) {
        const found = yield* Effect.result(authenticate(credential))
        if (Result.isFailure(found)) return unavailable(found.failure)
        const key = Option.getOrUndefined(found.success)
        if (key?._tag !== "MerchantKey") return yield* new InvalidApiKey()
        return yield* Effect.provideService(handler, Credential, key)
      })
    })
  })
)

/** Opens the operator API to the operator keys of one environment: a live service is not run with a test key. */
export const OperatorAuthenticationLayer = (environment: Environment) =>
  Layer.effect(
    OperatorAuthentication,
    Effect.gen(function* () {
      const { authenticate } = yield* ApiKeys
      return OperatorAuthentication.of({
        bearer: Effect.fnUntraced(function* (handler, { credential }) {
          const found = yield* Effect.result(authenticate(credential))
          if (Result.isFailure(found)) return unavailable(found.failure)
          const key = Option.getOrUndefined(found.success)
          if (key?._tag !== "OperatorKey" || key.environment !== environment) return yield* new InvalidApiKey()
          return yield* Effect.provideService(handler, Operator, { keyId: key.keyId })
        })
      })
    })
  )

// Answered here, because the contract of authentication knows no other refusal than that of the key.
const unavailable = ({ _tag, message, reason }: DatabaseUnavailable) =>
  HttpServerResponse.jsonUnsafe(
    { ...problemBody(_tag, 503, message), reason },
    { status: 503, contentType: ProblemDetails.contentType }
  )
