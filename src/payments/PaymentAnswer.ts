import { Effect } from "effect"
import { HttpServerResponse, ProblemDetails } from "effect/http"
import { PaymentNotFound, type TooManyDeclines } from "../domain/ChargeErrors.ts"
import { isUndecided, type VersionedPayment } from "../domain/Payment.ts"
import { entityTags } from "../http/EntityTag.ts"
import { problemBody } from "../http/Problem.ts"
import type { Done } from "../transactions/Intents.ts"
import { paymentExample } from "./PaymentExample.ts"
import type { NamedPayments } from "./Payments.ts"

/**
 * The payment as the contract describes it. It was decoded when it was read, and its JSON is what the schema would make
 * of it, for less than a quarter of the time.
 */
export const shown = ({ payment, version }: VersionedPayment) =>
  HttpServerResponse.jsonUnsafe(payment, { headers: { etag: tags.of(version) } })

/** The only one that was asked for. */
export const shownAlone = ({ data: [payment] }: NamedPayments) =>
  payment === undefined ? Effect.fail(new PaymentNotFound()) : Effect.succeed(HttpServerResponse.jsonUnsafe(payment))

/** Says so where the client has this version, and does nothing more. */
export const unlessKnown = <E>(
  ifNoneMatch: string,
  version: number,
  got: Effect.Effect<HttpServerResponse.HttpServerResponse, E>
) =>
  tags.isNamed(ifNoneMatch, version)
    ? Effect.succeed(HttpServerResponse.empty({ status: 304, headers: { etag: tags.of(version) } }))
    : got

/** Versions of a payment of which one must be the present one, by the `If-Match` of a request; null: any will do. */
export const versionsIn = (headers: { readonly "if-match"?: string }) =>
  headers["if-match"] === undefined ? null : tags.named(headers["if-match"])

const tags = entityTags(paymentExample)

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

/** Says beside the problem when to come again. */
export const refusalOf = ({ message, per, retry_after }: TooManyDeclines) =>
  Effect.sync(() =>
    HttpServerResponse.jsonUnsafe(
      { ...problemBody("TooManyDeclines", 429, message), per, retry_after },
      {
        status: 429,
        contentType: ProblemDetails.contentType,
        headers: { "retry-after": String(retry_after) }
      }
    )
  )
