import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

/** Stands where a collector of traces would, takes what it is sent and counts it. */
export interface TraceSink {
  /** Base of OTLP over HTTP. */
  readonly url: string
  readonly counted: () => TraceCounts
}

export interface TraceCounts {
  readonly requests: number
  readonly bytes: number
  /** Sales whose trace came: spans of the request that began it. */
  readonly sales: number
}

/** It is in this process, which has nothing else to do while others are measured. */
export const startTraceSink = Effect.acquireRelease(
  Effect.callback<TraceSink & { readonly close: () => void }>((resume) => {
    let counts: TraceCounts = { requests: 0, bytes: 0, sales: 0 }
    const server = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("latin1")
        counts = {
          requests: counts.requests + 1,
          bytes: counts.bytes + body.length,
          sales: counts.sales + body.split(spanOfSale).length - 1
        }
        response.writeHead(200, { "content-type": "application/json" }).end("{}")
      })
    })
    const close = () => {
      server.close()
      server.closeAllConnections()
    }
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, counted: () => counts, close }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const spanOfSale = '"name":"POST /v1/payments"'
