import { Context, Effect, Layer } from "effect"
import type { Environment } from "../domain/Terminal.ts"
import type { Lane } from "./Bulkhead.ts"
import { type ConnectionOptions, type Connections, exchange, makeConnections } from "./Connections.ts"
import { type Ending, notSent } from "./Exchange.ts"
import type { Fence } from "./Fence.ts"
import { forEachUrl, type Places, type PlainUrl } from "./Places.ts"

export interface WireOptions extends Places, ConnectionOptions {
  /** EPX closes every connection after its answer, so only a gateway in between can make use of this. */
  readonly keepAlive: boolean
  /** Most charges under way at a time in one environment, each on a connection of its own; 512 by default. */
  readonly connections?: number | undefined
  /** Most charges waiting for their turn, while their fence runs; 512 by default. Further ones are not sent. */
  readonly queued?: number | undefined
  /** Most calls of the resolver under way at a time, 64 by default; however many more there are, they wait. */
  readonly reservedConnections?: number | undefined
}

/** One request: where it goes, until when it may begin, and how long EPX may take from its first byte on. */
export interface Post {
  readonly environment: Environment
  readonly lane: Lane
  readonly body: string
  readonly fence: Fence
  readonly limit_ms: number
  /** Runs once the first byte has left. */
  readonly onSent?: Effect.Effect<void> | undefined
}

interface Endpoint {
  readonly origin: string
  readonly path: string
  readonly lanes: Readonly<Record<Lane, Connections>>
}

const makeEndpoint = Effect.fnUntraced(function* (environment: Environment, url: URL, options: WireOptions) {
  const { connections = 512, queued = 512, reservedConnections = 64 } = options
  const charges = { environment, lane: "charges", connections, queued } as const
  const resolver = { environment, lane: "resolver", connections: reservedConnections, queued: Infinity } as const
  const endpoint: Endpoint = {
    origin: url.origin,
    path: url.pathname + url.search,
    lanes: { charges: yield* makeConnections(charges, options), resolver: yield* makeConnections(resolver, options) }
  }
  return endpoint
})

/** One form POST to EPX. It never fails and never repeats: what became of the request is in its ending. */
export class Wire extends Context.Service<
  Wire,
  {
    post(post: Post): Effect.Effect<Ending>
  }
>()("payment-service/epx/Wire") {
  static readonly layer = (options: WireOptions): Layer.Layer<Wire, PlainUrl> =>
    Layer.effect(
      Wire,
      Effect.gen(function* () {
        const endpoints = yield* forEachUrl(options, (environment, url) => makeEndpoint(environment, url, options))

        const post = ({ body, environment, fence, lane, limit_ms, onSent }: Post): Effect.Effect<Ending> => {
          const endpoint = endpoints[environment]
          if (endpoint === undefined) return Effect.succeed(notSent("unconfigured", `no EPX URL for ${environment}`))
          const { lanes, origin, path } = endpoint
          const headers = { "content-type": "application/x-www-form-urlencoded" }
          const request = { origin, path, method: "POST", headers, body, reset: !options.keepAlive } as const
          return exchange(lanes[lane], { request, fence, limit_ms, onSent })
        }

        return Wire.of({ post })
      })
    )
}
