import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Schema } from "effect"

export const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"

/** What a caller sends that has begun the trace (W3C Trace Context). */
export const traceparent = `00-${traceId}-00f067aa0ba902b7-01`

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optionalKey(Schema.String),
  name: Schema.String,
  kind: Schema.Int
})
export type Span = typeof Span.Type

const Traces = Schema.fromJsonString(
  Schema.Struct({
    resourceSpans: Schema.Array(
      Schema.Struct({ scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) })) })
    )
  })
)

/** Takes what an OTLP collector would be sent. */
export const collector = Effect.map(
  Effect.acquireRelease(
    Effect.callback<{ server: Server; spans: Array<Span> }>((resume) => {
      const spans: Array<Span> = []
      const server = createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (text) => {
          body += text
        })
        request.on("end", () => {
          const { resourceSpans } = Schema.decodeSync(Traces)(body)
          spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
          response.writeHead(request.url === "/v1/traces" ? 200 : 404).end("{}")
        })
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, spans })))
    }),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ),
  ({ server, spans }) => {
    // cast: a server on a TCP port always has an address of this kind.
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, spans }
  }
)
