import { Effect, Layer, Option } from "effect"
import { InvalidApiKey } from "../domain/AccessErrors.ts"
import type { Environment } from "../domain/Terminal.ts"
import { Authentication, Credential, Operator, OperatorAuthentication } from "../http/Authentication.ts"
import { requestId } from "../http/RequestId.ts"
import { Actor } from "../postgres/Actor.ts"
import { ApiKeys } from "./ApiKeys.ts"
import type { KeyCredential } from "./KeyCredential.ts"

/** Opens the API of merchants to their keys. */
export const AuthenticationLayer = Layer.effect(
  Authentication,
  Effect.gen(function* () {
    const { authenticate } = yield* ApiKeys
    return Authentication.of({
      bearer: (handler, { credential }) =>
        Effect.flatMap(Effect.flatMap(authenticate(credential), merchantOf), (key) =>
          Effect.provideService(handler, Credential, key)
        )
    })
  })
)

const merchantOf = (known: Option.Option<KeyCredential>) => {
  const key = Option.getOrUndefined(known)
  return key?._tag === "MerchantKey" ? Effect.succeed(key) : Effect.fail(new InvalidApiKey())
}

/** Opens the operator API to the operator keys of one environment: a live service is not run with a test key. */
export const OperatorAuthenticationLayer = (environment: Environment) =>
  Layer.effect(
    OperatorAuthentication,
    Effect.gen(function* () {
      const { authenticate } = yield* ApiKeys
      return OperatorAuthentication.of({
        bearer: Effect.fnUntraced(function* (handler, { credential }) {
          const key = Option.getOrUndefined(yield* authenticate(credential))
          if (key?._tag !== "OperatorKey" || key.environment !== environment) return yield* new InvalidApiKey()
          const actor = { keyId: key.keyId, requestId: (yield* requestId) ?? null }
          return yield* handler.pipe(
            Effect.provideService(Operator, { keyId: key.keyId }),
            Effect.provideService(Actor, actor)
          )
        })
      })
    })
  )
