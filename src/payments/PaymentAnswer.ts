import { Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { isUndecided, Payment } from "../domain/Payment.ts"
import type { Done } from "../transactions/Intents.ts"

const encode = Schema.encodeSync(Payment)

/**
 * The answer to a request that moves money, as the contract describes it. It is 201 too where this request is done but
 * another one has the payment, which its status alone would not tell.
 */
export const answerOf = ({ isDecided, isReplay, payment, transaction }: Done) =>
  Effect.sync(() =>
    HttpServerResponse.jsonUnsafe(encode(payment), {
      status: isUndecided(payment.status) && !isDecided ? 202 : 201,
      headers: {
        ...(isReplay ? { "idempotent-replayed": "true" } : {}),
        "transaction-id": transaction.id,
        "transaction-status": transaction.status
      }
    })
  )
