import type { ServerResponse } from "node:http"
import { Cause, Effect, Metric, Option, Result, Schema } from "effect"
import { HttpBody, HttpServerError, HttpServerResponse, ProblemDetails } from "effect/http"
import { httpRequestsTurnedAway } from "../telemetry/Metrics.ts"
import { problemBody } from "./Problem.ts"
import { CardNumberRefused, InvalidJson } from "./RequestGuard.ts"

/** What every answer carries. A page sets its own content policy. */
const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  vary: "Accept-Encoding",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
}

type Header = readonly [name: string, value: string]

// As pairs they are copied once less into each answer.
const usualHeaders: ReadonlyArray<Header> = Object.entries(securityHeaders)
/** RFC 9110, section 11.6.1: a 401 says how to authenticate. */
const headersOf401: ReadonlyArray<Header> = Object.entries({ ...securityHeaders, "www-authenticate": "Bearer" })

const problemResponse = (tag: string, status: number, detail: string, members: object = {}) =>
  HttpServerResponse.jsonUnsafe(
    { ...problemBody(tag, status, detail), ...members },
    {
      status,
      contentType: ProblemDetails.contentType
    }
  )

/** Whatever no route has made a problem of. */
export const toProblem = (cause: Cause.Cause<unknown>) => {
  const failure = Result.getOrElse(Cause.findError(cause), () => Cause.squash(cause))
  if (failure instanceof CardNumberRefused) {
    return Effect.succeed(problemResponse("CardNumberRefused", 422, failure.message, { errors: failure.errors }))
  }
  if (failure instanceof InvalidJson) return Effect.succeed(problemResponse("InvalidJson", 400, failure.message))
  if (failure instanceof HttpServerError.HttpServerError) {
    const { reason } = failure
    if (reason._tag === "RouteNotFound") return Effect.succeed(naked(404))
    if (reason._tag === "RequestParseError") return Effect.succeed(naked(reason.reason === "BodyTooLarge" ? 413 : 400))
  }
  return Effect.as(Effect.logError("A request failed by a defect", cause), naked(500))
}

const nakedProblems: Readonly<Record<number, readonly [tag: string, detail: string]>> = {
  400: ["BadRequest", "The request could not be read."],
  404: ["NotFound", "There is nothing at this address. The API is described at /docs."],
  408: ["RequestTimeout", "The request took too long to arrive. Nothing was done."],
  413: ["BodyTooLarge", "The request body is larger than 64 KiB."],
  415: ["UnsupportedMediaType", "Send the body as `Content-Type: application/json`."],
  500: ["InternalError", "Something went wrong on our side. Quote the request id when you report it."],
  503: ["ServiceUnavailable", "The service cannot answer at the moment."]
}

/** A problem of this status of which there is no more to say. */
export const naked = (status: number) => {
  const [tag, detail] = nakedProblems[status] ?? ["Error", "The request failed."]
  return problemResponse(tag, status, detail)
}

// An answer that is JSON was made on purpose; an empty one, or one of plain text, comes from below the routes.
const isMade = ({ body }: HttpServerResponse.HttpServerResponse) =>
  body._tag === "Uint8Array" && /^application\/(?:problem\+)?json/.test(body.contentType)

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

const withRequestId = (response: HttpServerResponse.HttpServerResponse, id: string) => {
  const { body } = response
  if (body._tag !== "Uint8Array") return response
  return Option.match(parse(Buffer.from(body.body).toString("utf8")), {
    onNone: () => response,
    onSome: (members) =>
      HttpServerResponse.setBody(response, HttpBody.jsonUnsafe({ ...members, request_id: id }, body.contentType))
  })
}

/** The answer with what every answer carries. */
export const finish = (response: HttpServerResponse.HttpServerResponse, id: string) => {
  const answer =
    response.status < 400 ? response : withRequestId(isMade(response) ? response : naked(response.status), id)
  const usual = answer.status === 401 ? headersOf401 : usualHeaders
  const isOwn = ([name]: Header) => answer.headers[name] !== undefined
  const added = usual.some(isOwn) ? usual.filter((header) => !isOwn(header)) : usual
  return HttpServerResponse.setHeaders(answer, [...added, ["x-request-id", id]])
}

/** 503 for whoever should come again, of which nothing has been read. */
const comeAgain = (tag: string, detail: string, id: string) => ({
  status: 503,
  body: { ...problemBody(tag, 503, detail), request_id: id },
  contentType: ProblemDetails.contentType,
  headers: { ...securityHeaders, "retry-after": "1", "x-request-id": id }
})

/** As little as can be done for a request: nothing is read of it, not even its key. */
export const overloaded = (id: string) =>
  comeAgain("Overloaded", "More comes than can be served. Nothing was done: send it again in a moment.", id)

export const starting = (id: string) =>
  comeAgain("ServiceUnavailable", "The service is starting. Nothing was done: send it again in a moment.", id)

/** Sends it as it is, below all routes. */
export const send = (
  response: ServerResponse,
  { body, contentType, headers, status }: ReturnType<typeof comeAgain>,
  isLast: boolean
): void => {
  const text = JSON.stringify(body)
  // HTTP/2 knows no such header.
  const last = isLast && response.req.httpVersionMajor === 1 ? { connection: "close" } : {}
  const length = Buffer.byteLength(text)
  response.writeHead(status, { ...headers, ...last, "content-type": contentType, "content-length": length })
  response.end(text)
}

export const turnedAway = (id: string) => {
  const { body, ...options } = overloaded(id)
  return Effect.as(Metric.update(httpRequestsTurnedAway, 1), HttpServerResponse.jsonUnsafe(body, options))
}
