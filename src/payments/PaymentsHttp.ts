import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { Caller } from "../http/Authentication.ts"
import { answerOf, shown } from "./PaymentAnswer.ts"
import { Payments } from "./Payments.ts"

export const PaymentsHttp = HttpApiBuilder.group(
  Api,
  "payments",
  Effect.fn(function* (handlers) {
    const payments = yield* Payments

    return handlers.handleAll({
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        return yield* answerOf(yield* payments.create(yield* Caller, payload, headers["idempotency-key"]))
      }),
      capture: Effect.fnUntraced(function* ({ headers, params, payload }) {
        return yield* answerOf(
          yield* payments.capture(yield* Caller, params.id, payload ?? {}, headers["idempotency-key"])
        )
      }),
      void: Effect.fnUntraced(function* ({ headers, params, payload }) {
        return yield* answerOf(
          yield* payments.void(yield* Caller, params.id, payload ?? {}, headers["idempotency-key"])
        )
      }),
      refund: Effect.fnUntraced(function* ({ headers, params, payload }) {
        return yield* answerOf(yield* payments.refund(yield* Caller, params.id, payload, headers["idempotency-key"]))
      }),
      refunds: Effect.fnUntraced(function* ({ params }) {
        const { transactions } = yield* payments.get(yield* Caller, params.id)
        return { data: transactions.filter(({ type }) => type === "refund") }
      }),
      cancelByKey: Effect.fnUntraced(function* ({ payload: { idempotency_key } }) {
        const { isDecided, payment } = yield* payments.cancel(yield* Caller, idempotency_key)
        return { object: "cancellation" as const, idempotency_key, is_decided: isDecided, payment }
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        return yield* shown(yield* payments.get(yield* Caller, params.id))
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        return yield* payments.list(yield* Caller, query)
      })
    })
  })
)
