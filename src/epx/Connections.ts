import { Agent, type buildConnector, type Dispatcher } from "@effect/platform-node/Undici"
import { Context, Deferred, Effect, Metric, Option } from "effect"
import type { Environment } from "../domain/Terminal.ts"
import { makeTimer, type Timer } from "../running/Timer.ts"
import { gauge } from "../telemetry/Gauge.ts"
import { epxInFlight, epxQueued } from "../telemetry/Metrics.ts"
import { Bulkhead, type Lane } from "./Bulkhead.ts"
import { Clients } from "./Clients.ts"
import { type Ending, Exchange, notSent } from "./Exchange.ts"
import type { Fence } from "./Fence.ts"

export interface ConnectionOptions {
  /** PEM of a certificate authority to trust instead of the well-known ones. */
  readonly ca?: string | undefined
  /** Longest wait for a connection including its TLS handshake; 5,000 by default. undici may add half a second. */
  readonly connectTimeout_ms?: number | undefined
  /** Whether a connection is used again after its answer; not by default. */
  readonly keepAlive?: boolean | undefined
}

/** Connections to one origin, and no more calls on their way through undici than there are of them. */
export interface Connections {
  readonly dispatcher: Pick<Dialed, "dispatch">
  readonly bulkhead: Bulkhead
  /** Ends what takes too long. */
  readonly timer: Timer
}

interface Dialed {
  readonly dispatch: Dispatcher["dispatch"]
  /** Ends whatever is under way. */
  readonly destroy: () => ReadonlyArray<PromiseLike<void>>
}

interface Dialing {
  readonly keepAlive: boolean
  readonly connections: number
  readonly connect: buildConnector.BuildOptions
}

const dialUndici = ({ connect, connections, keepAlive }: Dialing): Dialed => {
  if (!keepAlive) return new Clients(connect)
  const agent = new Agent({ pipelining: 1, connections, connect })
  return { dispatch: (options, handler) => agent.dispatch(options, handler), destroy: () => [agent.destroy()] }
}

/** Makes what dials and carries requests. A simulation without sockets has one of its own. */
export const Dialer = Context.Reference<(dialing: Dialing) => Dialed>("payment-service/epx/Dialer", {
  defaultValue: () => dialUndici
})

export interface Limits {
  readonly environment: Environment
  readonly lane: Lane | "look_ups"
  readonly connections: number
  readonly queued: number
}

export const makeConnections = Effect.fnUntraced(function* (
  { connections, environment, lane, queued }: Limits,
  { ca, connectTimeout_ms = 5_000, keepAlive = false }: ConnectionOptions
) {
  const dial = yield* Dialer
  const dispatcher = yield* Effect.acquireRelease(
    Effect.sync(() =>
      dial({
        connections,
        keepAlive,
        connect: {
          allowH2: false,
          // TCP's own, which takes minutes to notice: our limits are shorter, and a connection lives for one call.
          keepAlive,
          timeout: connectTimeout_ms,
          // Spelled out because an environment variable of Node can switch the check off.
          rejectUnauthorized: true,
          ...(ca === undefined ? {} : { ca })
        }
      })
    ),
    // undici's way to close is a promise.
    (made) => Effect.forEach(made.destroy(), (ended) => Effect.promise(() => ended), { discard: true })
  )
  const bulkhead = new Bulkhead(connections, queued)
  yield* gauge(Metric.withAttributes(epxInFlight, { environment, lane }), () => bulkhead.inFlight)
  yield* gauge(Metric.withAttributes(epxQueued, { environment, lane }), () => bulkhead.queued)
  const made: Connections = { dispatcher, bulkhead, timer: yield* makeTimer }
  return made
})

export interface Sending {
  readonly request: Omit<Dispatcher.DispatchOptions, "headersTimeout" | "bodyTimeout">
  readonly fence: Fence
  /** From the first byte of the request to the last of the answer. */
  readonly limit_ms: number
  /** Of the answer, in bytes; 256 KiB by default. */
  readonly bodyLimit?: number | undefined
  /** Runs once the first byte has left; the limit counts from then on. */
  readonly onSent?: Effect.Effect<void> | undefined
}

/**
 * Waits for a place and for the first byte up to the fence, and from there for the whole answer up to the limit. The
 * place is free again when undici has let go of the request, which for one that was given up may be later.
 */
export const exchange = (connections: Connections, sending: Sending): Effect.Effect<Ending> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      connections.bulkhead.enter(sending.fence, restore),
      Option.match({
        onSome: Effect.succeed<Ending>,
        onNone: () => {
          const call = begin(connections, sending)
          return restore(outcome(call, connections.timer, sending)).pipe(
            Effect.onInterrupt(() => Effect.sync(() => call.abandon("interrupted")))
          )
        }
      })
    )
  )

const begin = ({ bulkhead, dispatcher }: Connections, { bodyLimit, fence, request }: Sending): Exchange => {
  const call = new Exchange(fence, () => bulkhead.leave(), bodyLimit)
  // Our own limit covers headers and body together.
  dispatcher.dispatch({ ...request, headersTimeout: 0, bodyTimeout: 0 }, call)
  return call
}

const outcome = (
  call: Exchange,
  timer: Timer,
  { fence, limit_ms, onSent = Effect.void }: Sending
): Effect.Effect<Ending> =>
  Effect.suspend(() => {
    // A request that left in the very moment the fence passed is on its way, and is waited for like any other.
    let stop = timer(fence.left(), () => call.withdraw(notSent("fence", "no connection before the fence")))
    const ending = Effect.suspend(() => {
      stop()
      if (!call.isSent) return Deferred.await(call.ended)
      stop = timer(limit_ms, () => call.abandon(`no answer within ${limit_ms} ms`))
      return Effect.andThen(onSent, Deferred.await(call.ended))
    })
    return Effect.ensuring(
      Effect.andThen(Deferred.await(call.begun), ending),
      Effect.sync(() => stop())
    )
  })
