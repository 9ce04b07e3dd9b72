import { ByteSize, Effect, Option, Schema } from "effect"
import { HttpIncomingMessage, HttpMethod, type HttpServerError, type HttpServerRequest } from "effect/http"
import { containsCardNumber, findCardNumber } from "./CardNumber.ts"
import { FieldError } from "./Problem.ts"
import { urlText } from "./UrlText.ts"

export class CardNumberRefused extends Schema.TaggedError<CardNumberRefused>()(
  "CardNumberRefused",
  { errors: Schema.Array(FieldError) },
  { httpApiStatus: 422 }
) {
  override get message() {
    return "This looks like a card number, and this API never takes one. Send a token, or use a checkout session."
  }
}

export class InvalidJson extends Schema.TaggedError<InvalidJson>()("InvalidJson", {}, { httpApiStatus: 400 }) {
  override get message() {
    return "The request body is not valid JSON."
  }
}

const refusedAt = (pointer: string) =>
  new CardNumberRefused({ errors: [{ pointer, detail: "This looks like a card number" }] })

// A listener does not tell: each request would carry it along, also those without a body.
const bodyLimit = ByteSize.fromInputUnsafe("64 KiB")

const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/**
 * Looks at a request before anything else does: a card number in its body, path, query or a header that we keep must
 * not get as far as a log line.
 */
export const guarded = <A, E, R>(
  request: HttpServerRequest.HttpServerRequest,
  route: Effect.Effect<A, E, R>
): Effect.Effect<A, E | CardNumberRefused | InvalidJson | HttpServerError.HttpServerError, R> =>
  Effect.suspend(() => {
    if (containsCardNumber(urlText(request.url))) return Effect.fail(refusedAt("/url"))
    const key = request.headers["idempotency-key"]
    if (key !== undefined && containsCardNumber(key)) return Effect.fail(refusedAt("/headers/idempotency-key"))
    return HttpMethod.hasBody(request.method) ? Effect.andThen(guardSent(request), route) : route
  })

// A client may take as long as its deadline to send it.
const guardSent = (request: HttpServerRequest.HttpServerRequest) =>
  Effect.interruptible(
    Effect.flatMap(Effect.provideService(request.text, HttpIncomingMessage.MaxBodySize, bodyLimit), (text) =>
      text === "" || !isJson(request.headers["content-type"]) ? Effect.void : guardBody(text)
    )
  )

const guardBody = (text: string): Effect.Effect<void, CardNumberRefused | InvalidJson> => {
  const body = parseJson(text)
  if (Option.isNone(body)) return Effect.fail(new InvalidJson())
  const pointer = findCardNumber(body.value)
  return pointer === undefined ? Effect.void : Effect.fail(refusedAt(pointer))
}

const isJson = (contentType = "application/json") => /^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)
