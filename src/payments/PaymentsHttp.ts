import { Context, Effect, Layer, Scope } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { Authentication, Caller, PaymentsRead, PaymentsWrite, RefundsWrite } from "../http/Authentication.ts"
import { InvalidParameter, queryParameter, Validation } from "../http/Validation.ts"
import { answerOf, refusalOf, shown, shownAlone, unlessKnown, versionsIn } from "./PaymentAnswer.ts"
import { PaymentFields } from "./PaymentReadsApi.ts"
import { Payments } from "./Payments.ts"

const routes = (payments: Payments["Service"]) =>
  HttpApiBuilder.group(Api, "payments", (handlers) =>
    handlers.handleAll({
      create: ({ headers, payload }) =>
        Caller.use((caller) =>
          Effect.flatMap(payments.create(caller, payload, headers["idempotency-key"]), answerOf).pipe(
            Effect.catchTag("TooManyDeclines", refusalOf)
          )
        ),
      capture: Effect.fnUntraced(function* ({ headers, params, payload }) {
        return yield* answerOf(yield* payments.capture(yield* Caller, params.id, payload ?? {}, onceOf(headers)))
      }),
      void: Effect.fnUntraced(function* ({ headers, params, payload }) {
        return yield* answerOf(yield* payments.void(yield* Caller, params.id, payload ?? {}, onceOf(headers)))
      }),
      refund: Effect.fnUntraced(function* ({ headers, params, payload }) {
        return yield* answerOf(yield* payments.refund(yield* Caller, params.id, payload, onceOf(headers)))
      }),
      refunds: Effect.fnUntraced(function* ({ params }) {
        const { payment } = yield* payments.get(yield* Caller, params.id)
        return { data: payment.transactions.filter(({ type }) => type === "refund") }
      }),
      cancelByKey: Effect.fnUntraced(function* ({ payload: { idempotency_key } }) {
        const { isDecided, payment } = yield* payments.cancel(yield* Caller, idempotency_key)
        return { object: "cancellation" as const, idempotency_key, is_decided: isDecided, payment }
      }),
      get: ({ params: { id }, request: { headers } }) =>
        Effect.contextWith((context: Context.Context<Caller | HttpServerRequest.ParsedSearchParams>) => {
          const caller = Context.get(context, Caller)
          const { fields } = Context.get(context, HttpServerRequest.ParsedSearchParams)
          if (fields !== undefined) {
            return Effect.flatMap(fieldsOf(fields), (named) =>
              Effect.flatMap(payments.getAll(caller, [id], named), shownAlone)
            )
          }
          const got = Effect.map(payments.get(caller, id), shown)
          const known = headers["if-none-match"]
          return known === undefined
            ? got
            : Effect.flatMap(payments.getVersion(caller, id), (version) => unlessKnown(known, version, got))
        }),
      list: Effect.fnUntraced(function* ({ query }) {
        const { cursor, fields, ids, starting_after, status } = query
        const caller = yield* Caller
        if (ids === undefined) return HttpServerResponse.jsonUnsafe(yield* payments.list(caller, query))
        if ((cursor ?? starting_after ?? status) !== undefined) return yield* notTogether
        const named = yield* payments.getAll(caller, ids, fields)
        return HttpServerResponse.jsonUnsafe({ ...named, has_more: false, next_cursor: null })
      })
    })
  )

const onceOf = (headers: { readonly "idempotency-key": string; readonly "if-match"?: string }) => ({
  idempotencyKey: headers["idempotency-key"],
  versions: versionsIn(headers)
})

const fieldsOf = queryParameter("fields", PaymentFields)

const notTogether = Effect.fail(
  new InvalidParameter({
    errors: [{ pointer: "/query/ids", detail: "Expected no status, cursor or starting_after beside it" }]
  })
)

type Needs = Authentication | PaymentsRead | PaymentsWrite | RefundsWrite | Validation | Scope.Scope

/** What routes are built with is merged into the context of each request: these are built with what they need alone. */
const alone: (context: Context.Context<Needs>) => Context.Context<Needs> = Context.pick(
  Authentication,
  PaymentsRead,
  PaymentsWrite,
  RefundsWrite,
  Validation,
  Scope.Scope
)

export const PaymentsHttp = Layer.effectContext(
  Effect.flatMap(Payments, (payments) => Effect.updateContext(Layer.build(routes(payments)), alone))
)
