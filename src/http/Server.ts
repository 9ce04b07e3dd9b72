import type { EventEmitter } from "node:events"
import { createServer } from "node:http"
import { constants, createSecureServer } from "node:http2"
import { Redacted } from "effect"
import type { Timer } from "../running/Timer.ts"
import type { Certificate } from "./Certificate.ts"
import type { ConnectionLimits } from "./ConnectionLimits.ts"
import type { Gate } from "./Gate.ts"
import type { OpenConnections } from "./OpenConnections.ts"

interface ServerOptions {
  readonly connections: OpenConnections
  readonly limits: ConnectionLimits
  readonly gate: Gate | undefined
  /** Told of each that is turned away. */
  readonly onDrop: () => void
  readonly maxConnections: number
}

/** Node's limits of HTTP/1.1. They end where a request has come: its answer may take any time. */
const ofNode = ({ headerBytes, headers_ms, idle_ms, look_ms, request_ms }: ConnectionLimits) => ({
  headersTimeout: headers_ms,
  requestTimeout: request_ms,
  keepAliveTimeout: idle_ms,
  connectionsCheckingInterval: look_ms,
  maxHeaderSize: headerBytes,
  // A connection that is given to another protocol would be out of Node's limits, and we speak none.
  shouldUpgradeCallback: () => false
})

export const plainServer = ({ connections, gate, limits, maxConnections, onDrop }: ServerOptions) => {
  const server = gated(createServer(ofNode(limits)), gate)
    .on("connection", connections.add)
    .on("drop", onDrop)
  server.maxConnections = maxConnections
  return server
}

/** TLS, with HTTP/2 for clients that ask for it and HTTP/1.1 for all others. */
export const secureServer = (
  { chain, key }: Certificate,
  timer: Timer,
  { connections, gate, limits, maxConnections, onDrop }: ServerOptions
) => {
  const { answer_ms, headerBytes, headers_ms, idle_ms, request_ms, resets, streams } = limits
  const server = createSecureServer({
    cert: chain,
    key: Redacted.value(key),
    minVersion: "TLSv1.2",
    handshakeTimeout: headers_ms,
    allowHTTP1: true,
    // Megabytes: what waits for one client to take it.
    maxSessionMemory: 10,
    settings: { maxConcurrentStreams: streams, maxHeaderListSize: headerBytes },
    streamResetBurst: resets.burst,
    streamResetRate: resets.rate
  })
  // As options, not every version of Node takes them here.
  Object.assign(gated(server, gate), ofNode(limits), { maxConnections })
  server.on("secureConnection", connections.add).on("drop", onDrop)
  server.on("session", (session) => session.setTimeout(idle_ms, () => session.destroy()))
  // Of HTTP/2 Node limits no times, and a stream whose request never ends would stay open behind its answer.
  server.on("stream", (stream) => {
    const stop = timer(request_ms + answer_ms, () => stream.close(constants.NGHTTP2_CANCEL))
    stream.once("close", stop)
  })
  return server
}

/** Nobody else hears of a request that the gate has answered. */
const gated = <Server extends EventEmitter>(server: Server, gate: Gate | undefined): Server => {
  if (gate === undefined) return server
  const emit: (event: string | symbol, ...details: ReadonlyArray<never>) => boolean = server.emit.bind(server)
  const emitGated = (event: string | symbol, ...details: ReadonlyArray<never>): boolean => {
    const [request, response] = details
    const isAnswered = event === "request" && request !== undefined && response !== undefined && gate(request, response)
    return isAnswered || emit(event, ...details)
  }
  return Object.assign(server, { emit: emitGated })
}
