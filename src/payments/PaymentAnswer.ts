import { Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiSchema } from "effect/http-api"
import { isUndecided, Payment } from "../domain/Payment.ts"
import type { Done } from "../transactions/Intents.ts"

const encode = Schema.encodeEffect(Payment)

/** The answer to a request that moves money. */
export const answerOf = ({ isDecided, isReplay, payment, transaction }: Done) => {
  const headers = {
    ...(isReplay ? { "idempotent-replayed": "true" as const } : {}),
    "transaction-id": transaction.id,
    "transaction-status": transaction.status
  }
  const { status, ...rest } = payment
  if (!isUndecided(status)) return Effect.succeed(HttpApiSchema.withHeaders({ body: { ...rest, status }, headers }))
  if (!isDecided) return Effect.succeed(HttpApiSchema.withHeaders({ body: { ...rest, status }, headers }))
  // This request is done, but another one has the payment: by its status alone it would be 202.
  return Effect.orDie(
    Effect.map(encode(payment), (body) => HttpServerResponse.jsonUnsafe(body, { status: 201, headers }))
  )
}
