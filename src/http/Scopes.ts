import { Effect, Layer } from "effect"
import { ScopeMissing } from "../domain/AccessErrors.ts"
import type { LimitKind } from "../domain/Limit.ts"
import type { Scope } from "../domain/Scope.ts"
import { Caller, Credential, PaymentsRead, PaymentsWrite, RefundsWrite } from "./Authentication.ts"
import { Limits, limited, placed } from "./Limits.ts"

/** Here a key's scope is checked, for every route that declares one, and whether its merchant asks too often. */
const requireScope =
  (limits: Limits["Service"], scope: Scope, kind: LimitKind): PaymentsRead["Service"] =>
  (handler) =>
    Credential.use((credential) => {
      const served = Effect.provideService(handler, Caller, credential)
      const inPlace = kind === "reads" ? served : placed(limits, credential, served)
      return Effect.andThen(
        credential.scopes.has(scope) ? Effect.void : Effect.fail(new ScopeMissing({ scope })),
        Effect.flatMap(limits.take(credential, kind), (taken) => limited(taken, kind, inPlace))
      )
    })

export const Scopes = Layer.unwrap(
  Effect.map(Limits, (limits) =>
    Layer.mergeAll(
      Layer.succeed(PaymentsRead, requireScope(limits, "payments:read", "reads")),
      Layer.succeed(PaymentsWrite, requireScope(limits, "payments:write", "writes")),
      Layer.succeed(RefundsWrite, requireScope(limits, "refunds:write", "writes"))
    )
  )
)
