import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { Api } from "../Api.ts"
import { isUndecided } from "../domain/Payment.ts"
import { Caller } from "../http/Authentication.ts"
import { Payments } from "./Payments.ts"

export const PaymentsHttp = HttpApiBuilder.group(
  Api,
  "payments",
  Effect.fn(function* (handlers) {
    const payments = yield* Payments

    return handlers.handleAll({
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const { isReplay, payment } = yield* payments.create(yield* Caller, payload, headers["idempotency-key"])
        const replayed = isReplay ? { "idempotent-replayed": "true" as const } : {}
        const { status, ...rest } = payment
        return isUndecided(status)
          ? HttpApiSchema.withHeaders({ body: { ...rest, status }, headers: replayed })
          : HttpApiSchema.withHeaders({ body: { ...rest, status }, headers: replayed })
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        return yield* payments.get(yield* Caller, params.id)
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        return yield* payments.list(yield* Caller, query)
      })
    })
  })
)
