import { Effect, Layer } from "effect"
import { ScopeMissing } from "../domain/AccessErrors.ts"
import type { Scope } from "../domain/Scope.ts"
import { Caller, Credential, PaymentsRead, PaymentsWrite, RefundsWrite } from "./Authentication.ts"

/** Here a key's scope is checked, for every route that declares one. */
const requireScope =
  (scope: Scope): PaymentsRead["Service"] =>
  (handler) =>
    Effect.flatMap(Credential, (credential) =>
      Effect.andThen(
        credential.scopes.has(scope) ? Effect.void : Effect.fail(new ScopeMissing({ scope })),
        Effect.provideService(handler, Caller, credential)
      )
    )

export const Scopes = Layer.mergeAll(
  Layer.succeed(PaymentsRead, requireScope("payments:read")),
  Layer.succeed(PaymentsWrite, requireScope("payments:write")),
  Layer.succeed(RefundsWrite, requireScope("refunds:write"))
)
