import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2"
import { Effect, Option, Schema } from "effect"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"
import type { HttpRequest } from "../support/HttpRequest.ts"

interface Http2Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: typeof Schema.Any.Type
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Any))

/** One connection of HTTP/2 to the origin, whose settings have come, until the scope closes. */
export const http2Client = (origin: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ClientHttp2Session, Error>((resume) => {
        const session = connect(origin, { ca: TestCertificates.authority })
        session.on("error", (error) => resume(Effect.fail(error)))
        session.on("remoteSettings", () => resume(Effect.succeed(session)))
      }),
      (session) => Effect.sync(() => session.destroy())
    ),
    (session) => {
      const closed = new Promise<void>((resolve) => void session.on("close", () => resolve()))
      return {
        session,
        closed: Effect.promise(() => closed),
        /** Fails when the stream ends without an answer. */
        request: (request: HttpRequest) => requestOn(session, request)
      }
    }
  )

export const headersOf = ({ body, headers, json, key, method, path }: HttpRequest) => ({
  ":method": method ?? (json === undefined && body === undefined ? "GET" : "POST"),
  ":path": path,
  ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  ...(json === undefined ? {} : { "content-type": "application/json" }),
  ...headers
})

const requestOn = (session: ClientHttp2Session, request: HttpRequest) =>
  Effect.callback<Http2Answer, Error>((resume) => {
    const stream = session.request(headersOf(request))
    let headers: IncomingHttpHeaders & { readonly ":status"?: number | undefined } = {}
    let text = ""
    stream.on("response", (come) => {
      headers = come
    })
    stream.setEncoding("utf8").on("data", (part) => {
      text += part
    })
    stream.on("error", (error) => resume(Effect.fail(error)))
    stream.on("close", () => {
      const status = headers[":status"]
      if (status === undefined) return resume(Effect.fail(new Error(`No answer came: ${stream.rstCode}`)))
      resume(Effect.succeed({ status, headers, text, json: Option.getOrUndefined(parse(text)) }))
    })
    stream.end(request.json === undefined ? request.body : JSON.stringify(request.json))
    return Effect.sync(() => stream.close())
  })
