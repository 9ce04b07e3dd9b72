import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { isUndecided, type Payment } from "../domain/Payment.ts"
import type { Done } from "../transactions/Intents.ts"

/**
 * The payment as the contract describes it. It was decoded when it was read, and its JSON is what the schema would make
 * of it, for less than a quarter of the time.
 */
export const shown = (payment: Payment) => Effect.sync(() => HttpServerResponse.jsonUnsafe(payment))

/**
 * The answer to a request that moves money, as the contract describes it. It is 201 too where this request is done but
 * another one has the payment, which its status alone would not tell.
 */
export const answerOf = ({ isDecided, isReplay, payment, transaction }: Done) =>
  Effect.sync(() =>
    HttpServerResponse.jsonUnsafe(payment, {
      status: isUndecided(payment.status) && !isDecided ? 202 : 201,
      headers: {
        ...(isReplay ? { "idempotent-replayed": "true" } : {}),
        "transaction-id": transaction.id,
        "transaction-status": transaction.status
      }
    })
  )
