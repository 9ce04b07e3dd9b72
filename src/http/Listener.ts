import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { type Context, Effect, Layer, Metric, Schedule, Schema } from "effect"
import { HttpServer } from "effect/http"
import { makeTimer } from "../running/Timer.ts"
import { counter, gauge } from "../telemetry/Gauge.ts"
import { httpConnections, httpConnectionsRefused, httpOpenConnections } from "../telemetry/Metrics.ts"
import type { Certificate } from "./Certificate.ts"
import { type ConnectionLimits, usualLimits } from "./ConnectionLimits.ts"
import { makeDoors } from "./Doors.ts"
import type { Gate } from "./Gate.ts"
import { OpenConnections } from "./OpenConnections.ts"
import { plainServer, secureServer } from "./Server.ts"
import { serving } from "./Serving.ts"

interface ListenerOptions {
  /** As metrics call it. */
  readonly name: "merchants" | "operators"
  readonly host: string
  readonly port: number
  /** Which variable sets the port. */
  readonly variable: string
  /** One more is closed as soon as it has been accepted. */
  readonly maxConnections: number
  /** With it the listener speaks TLS. */
  readonly certificate?: Certificate | undefined
  readonly limits?: ConnectionLimits | undefined
  /** Sees each request first. */
  readonly gate?: Gate | undefined
  /** All that requests find in their context, beside what a listener gives them; when absent, all that there is. */
  readonly ambient?: Context.Context<never> | undefined
}

/** Someone else listens there. */
class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", {
  variable: Schema.String,
  port: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message() {
    return `Port ${this.port} is taken or not allowed. Free it, or set ${this.variable} to another port.`
  }
}

export const listener = ({ ambient, host, limits = usualLimits, port, variable, ...options }: ListenerOptions) =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.gen(function* () {
      const server = yield* boundedServer({ ...options, limits })
      const { address, open } = yield* makeDoors(server, { host, port, maxConnections: options.maxConnections })
      const bound = { ...address, gracefulShutdownTimeout: limits.closing_ms }
      return serving(server, yield* NodeHttpServer.make(() => server, bound), { ambient, onServing: open })
    }).pipe(Effect.mapError((cause) => new PortTaken({ variable, port, cause })))
  ).pipe(Layer.merge(NodeHttpServer.layerHttpServices))

/** A server that does not listen yet, whose connections are watched as long as the scope is open. */
const boundedServer = Effect.fnUntraced(function* (
  options: Pick<ListenerOptions, "certificate" | "gate" | "maxConnections" | "name"> & {
    readonly limits: ConnectionLimits
  }
) {
  const { certificate, gate, limits, maxConnections, name } = options
  const connections = new OpenConnections()
  let refused = 0
  const onDrop = () => {
    refused++
  }
  yield* gauge(Metric.withAttributes(httpOpenConnections, { listener: name }), () => connections.size)
  yield* counter(Metric.withAttributes(httpConnections, { listener: name }), () => connections.accepted)
  yield* counter(Metric.withAttributes(httpConnectionsRefused, { listener: name }), () => refused)
  const bounds = { connections, gate, limits, maxConnections, onDrop }
  const server = certificate === undefined ? plainServer(bounds) : secureServer(certificate, yield* makeTimer, bounds)
  // By then nobody answers on those that are left.
  yield* Effect.addFinalizer(() => Effect.sync(() => connections.closeAll()))
  let hasListened = false
  const look = Effect.sync(() => {
    connections.closeStalled(limits.look_ms, limits.answer_ms)
    if (hasListened && !server.listening) connections.closeSilent()
    hasListened ||= server.listening
  })
  yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(limits.look_ms)))
  return server
})
