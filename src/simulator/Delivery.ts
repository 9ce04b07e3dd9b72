import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { Readable } from "node:stream"
import { gzipSync } from "node:zlib"
import { Effect, Schedule } from "effect"
import type { Wire } from "./faults/Fault.ts"

/** One answer, as it would leave if nothing went wrong. */
export interface Sending {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly wire: Wire
  readonly closesConnection: boolean
}

/** What faults of the connection need of the outside. */
export interface DeliveryOptions {
  /** Runs in the scope of the simulator. */
  readonly run: (effect: Effect.Effect<unknown>) => void
  readonly reset: (socket: Socket) => void
  readonly refuse: (forMs: number) => void
}

type WireOf<Kind extends Wire["kind"]> = Extract<Wire, { readonly kind: Kind }>

const hugeBytes = 50_000_000

const onceASecond = Schedule.spaced("1 second")

const encode = (text: string, { encoding }: WireOf<"answer">): Buffer => {
  const bytes = Buffer.from(text, encoding === "latin1" ? "latin1" : "utf8")
  return encoding === "gzip" ? gzipSync(bytes) : bytes
}

const hugeDocument = function* (): Generator<string> {
  yield '<RESPONSE><FIELDS><FIELD KEY="AUTH_RESP_TEXT">'
  const chunk = "A".repeat(64 * 1024)
  for (let sent = 0; sent < hugeBytes; sent += chunk.length) yield chunk
  yield "</FIELD></FIELDS></RESPONSE>"
}

const headersOf = (sending: Sending, length: number): { readonly [name: string]: string | number } => ({
  "Content-Type": sending.contentType,
  "Content-Length": length,
  Connection: sending.closesConnection ? "close" : "keep-alive"
})

const answer = (response: ServerResponse, sending: Sending, wire: WireOf<"answer">, onEnd: () => void): void => {
  const body = encode(sending.body, wire)
  response.writeHead(sending.status, {
    ...headersOf(sending, body.length),
    ...(wire.contentType === undefined ? {} : { "Content-Type": wire.contentType }),
    ...(wire.encoding === "gzip" ? { "Content-Encoding": "gzip" } : {})
  })
  response.end(body, onEnd)
}

const page = (response: ServerResponse, { status, contentType, body, headers }: WireOf<"page">, onEnd: () => void) => {
  const length = Buffer.byteLength(body)
  response.writeHead(status, { "Content-Type": contentType, "Content-Length": length, Connection: "close", ...headers })
  response.end(body, onEnd)
}

const truncate = (response: ServerResponse, { body, contentType }: Sending, onEnd: () => void): void => {
  // Without a length the end of the connection is the end of the body: only the document itself is cut.
  response.useChunkedEncodingByDefault = false
  response.writeHead(200, { "Content-Type": contentType, Connection: "close" })
  const code = body.indexOf("AUTH_RESP")
  response.end(body.slice(0, code < 0 ? body.length / 2 : code + "AUTH".length), onEnd)
}

/** A byte a second until the document is whole or the client has gone. */
const drip = (response: ServerResponse, sending: Sending, onEnd: () => void): Effect.Effect<unknown> => {
  const body = Buffer.from(sending.body)
  response.writeHead(200, headersOf(sending, body.length))
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

/** Sends answers, or does to the connection what the fault says. */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #stale = new WeakSet<Socket>()

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Whether the next request on the connection is to find it closed. */
  isStale(socket: Socket): boolean {
    return this.#stale.has(socket)
  }

  /** `onEnd` runs once everything has left, so never for a client that has gone. */
  deliver({ socket }: IncomingMessage, response: ServerResponse, sending: Sending, onEnd: () => void): void {
    const { wire } = sending
    switch (wire.kind) {
      case "answer":
        return answer(response, sending, wire, onEnd)
      case "page":
        return page(response, wire, onEnd)
      case "stale":
        this.#stale.add(socket)
        return answer(response, { ...sending, closesConnection: false }, { kind: "answer" }, onEnd)
      case "reset":
        return this.#options.reset(socket)
      case "refuse":
        this.#options.refuse(wire.forMs)
        return this.#options.reset(socket)
      case "silence":
        return
      case "headers_only":
        response.writeHead(200, headersOf(sending, sending.body.length))
        return response.flushHeaders()
      case "truncated":
        return truncate(response, sending, onEnd)
      case "drip":
        return this.#options.run(drip(response, sending, onEnd))
      case "huge":
        response.writeHead(200, { "Content-Type": "text/xml", Connection: "close" })
        Readable.from(hugeDocument()).pipe(response)
    }
  }
}
