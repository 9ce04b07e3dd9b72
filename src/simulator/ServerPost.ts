import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { Readable } from "node:stream"
import { gzipSync } from "node:zlib"
import { Effect, Schedule } from "effect"
import type { Wire } from "./faults/Fault.ts"
import type { Exchange, Gateway } from "./Gateway.ts"
import { parseForm } from "./Request.ts"

/** What the handler needs of the outside. */
export interface ServerPostOptions {
  readonly gateway: Gateway
  /** Added to every answer. */
  readonly latencyMs: number
  /** Runs in the scope of the simulator. */
  readonly run: (effect: Effect.Effect<unknown>) => void
  readonly monotonicMs: () => number
  readonly reset: (socket: Socket) => void
  readonly refuse: (forMs: number) => void
}

const bodyLimit = 64 * 1024

const hugeBytes = 50_000_000

const onceASecond = Schedule.spaced("1 second")

const end = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { "Content-Type": "text/plain", "Content-Length": body.length, Connection: "close" })
  response.end(body)
}

const encode = (xml: string, wire: Wire & { readonly kind: "answer" }): Buffer => {
  const bytes = Buffer.from(xml, wire.encoding === "latin1" ? "latin1" : "utf8")
  return wire.encoding === "gzip" ? gzipSync(bytes) : bytes
}

const hugeDocument = function* (): Generator<string> {
  yield '<RESPONSE><FIELDS><FIELD KEY="AUTH_RESP_TEXT">'
  const chunk = "A".repeat(64 * 1024)
  for (let sent = 0; sent < hugeBytes; sent += chunk.length) yield chunk
  yield "</FIELD></FIELDS></RESPONSE>"
}

const headersOf = (exchange: Exchange, length: number): { readonly [name: string]: string | number } => ({
  "Content-Type": "text/xml",
  "Content-Length": length,
  Connection: exchange.closesConnection ? "close" : "keep-alive"
})

/** A byte a second until the document is whole or the client has gone. */
const drip = (response: ServerResponse, body: Buffer, onEnd: () => void): Effect.Effect<unknown> => {
  let sent = 0
  const step = Effect.sync(() => {
    if (response.destroyed) return false
    response.write(body.subarray(sent, ++sent))
    if (sent < body.length) return true
    response.end(onEnd)
    return false
  })
  return step.pipe(Effect.repeat({ schedule: onceASecond, while: (isUnderWay) => isUnderWay }))
}

/** Listens to `POST /` as EPX does: a form in, XML out, the connection closed after the answer. */
export const makeServerPost = (options: ServerPostOptions) => {
  const { gateway, latencyMs, run, monotonicMs } = options
  const stale = new WeakSet<Socket>()

  const deliver = (request: IncomingMessage, response: ServerResponse, exchange: Exchange, startedAt: number): void => {
    const { wire, transaction, log } = exchange
    if (response.destroyed) return
    const onEnd = () => {
      if (transaction !== undefined) transaction.told = exchange.told
      if (log !== undefined) log.durationMs = monotonicMs() - startedAt
    }
    const answer = (body: Buffer, headers?: { readonly [name: string]: string }) => {
      response.writeHead(200, { ...headersOf(exchange, body.length), ...headers })
      response.end(body, onEnd)
    }
    switch (wire.kind) {
      case "answer":
        return answer(encode(exchange.xml, wire), {
          ...(wire.contentType === undefined ? {} : { "Content-Type": wire.contentType }),
          ...(wire.encoding === "gzip" ? { "Content-Encoding": "gzip" } : {})
        })
      case "stale":
        stale.add(request.socket)
        return answer(Buffer.from(exchange.xml), { Connection: "keep-alive" })
      case "page": {
        const { status, contentType, body } = wire
        response.writeHead(status, {
          "Content-Type": contentType,
          "Content-Length": body.length,
          Connection: "close",
          ...wire.headers
        })
        response.end(body, onEnd)
        return
      }
      case "reset":
        return options.reset(request.socket)
      case "refuse":
        options.refuse(wire.forMs)
        return options.reset(request.socket)
      case "silence":
        return
      case "headers_only":
        response.writeHead(200, headersOf(exchange, exchange.xml.length))
        return response.flushHeaders()
      case "truncated": {
        // Without a length the end of the connection is the end of the body: only the document itself is cut.
        response.useChunkedEncodingByDefault = false
        response.writeHead(200, { "Content-Type": "text/xml", Connection: "close" })
        response.end(exchange.xml.slice(0, exchange.xml.indexOf("AUTH_RESP") + "AUTH".length), onEnd)
        return
      }
      case "drip": {
        const body = Buffer.from(exchange.xml)
        response.writeHead(200, headersOf(exchange, body.length))
        return run(drip(response, body, onEnd))
      }
      case "huge":
        response.writeHead(200, { "Content-Type": "text/xml", Connection: "close" })
        Readable.from(hugeDocument()).pipe(response)
    }
  }

  const receive = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const startedAt = monotonicMs()
    const exchange = gateway.receive(parseForm(body))
    const delayMs = latencyMs + (exchange.wire.kind === "answer" ? (exchange.wire.delayMs ?? 0) : 0)
    if (delayMs === 0) return deliver(request, response, exchange, startedAt)
    const later = Effect.sync(() => deliver(request, response, exchange, startedAt))
    run(Effect.delay(later, delayMs))
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    response.sendDate = false
    if (stale.has(request.socket)) {
      request.socket.destroy()
      return
    }
    if (request.url !== "/") return end(response, 404, "not found")
    if (request.method !== "POST") return end(response, 405, "method not allowed")
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => {
      body += chunk
      if (body.length > bodyLimit) request.destroy()
    })
    request.on("end", () => receive(request, response, body))
  }
}
