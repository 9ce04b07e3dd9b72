import { type IncomingHttpHeaders, request as open } from "node:http"
import { Effect, Option, Schema } from "effect"

/** One request as it stands on the wire: nothing is added, corrected or retried. */
export interface HttpRequest {
  /** `GET` when absent, or `POST` with a body. */
  readonly method?: string
  readonly path: string
  /** Sent as `Authorization: Bearer`. */
  readonly key?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, with its content type. */
  readonly json?: unknown
  /** Sent as it is, without a content type. */
  readonly body?: string | Uint8Array
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body as it came, still compressed. */
  readonly bytes: Buffer
  readonly text: string
  /** The body, or undefined when it is not JSON. */
  readonly json: typeof Schema.Any.Type
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Any))

/** Sends the request on a connection of its own and reads the whole answer; a lost connection is a defect. */
export const sendRequest = (origin: string, request: HttpRequest): Effect.Effect<HttpAnswer> =>
  Effect.callback((resume) => {
    const body = request.json === undefined ? request.body : JSON.stringify(request.json)
    const isChunked = request.headers?.["transfer-encoding"] !== undefined
    const headers = {
      ...(request.key === undefined ? {} : { authorization: `Bearer ${request.key}` }),
      ...(request.json === undefined ? {} : { "content-type": "application/json" }),
      ...(body === undefined || isChunked ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...request.headers
    }
    const method = request.method ?? (body === undefined ? "GET" : "POST")
    // The path is given apart from the URL, which would tidy it up.
    const outgoing = open(origin, { path: request.path, method, headers, agent: false }, (incoming) => {
      const chunks: Array<Buffer> = []
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
      incoming.on("error", (error) => resume(Effect.die(error)))
      incoming.on("end", () => {
        const bytes = Buffer.concat(chunks)
        const text = bytes.toString("utf8")
        const json = Option.getOrUndefined(parse(text))
        resume(Effect.succeed({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, text, json }))
      })
    })
    outgoing.on("error", (error) => resume(Effect.die(error)))
    outgoing.end(body)
    return Effect.sync(() => outgoing.destroy())
  })
