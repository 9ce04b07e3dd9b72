import { Effect, Option, Schema } from "effect"
import { HttpMethod, HttpServerRequest } from "effect/http"
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

const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/**
 * Looks at a request before anything else does: a card number in its body, path, query or a header that we keep must
 * not get as far as a log line.
 */
export const guardRequest = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (containsCardNumber(urlText(request.url))) return yield* refusedAt("/url")
  const key = request.headers["idempotency-key"]
  if (key !== undefined && containsCardNumber(key)) {
    return yield* refusedAt("/headers/idempotency-key")
  }
  if (!HttpMethod.hasBody(request.method)) return
  const text = yield* request.text
  if (text === "" || !isJson(request.headers["content-type"])) return
  const body = parseJson(text)
  if (Option.isNone(body)) return yield* new InvalidJson()
  const pointer = findCardNumber(body.value)
  if (pointer !== undefined) return yield* refusedAt(pointer)
})

const isJson = (contentType = "application/json") => /^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)
