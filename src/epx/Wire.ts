import { Agent, type Dispatcher } from "@effect/platform-node/Undici"
import { Context, Deferred, Effect, Layer, Schema, type Scope } from "effect"
import { Environment } from "../domain/Terminal.ts"
import { type Ending, Exchange, notSent } from "./Exchange.ts"
import type { Fence } from "./Fence.ts"

/** Plain HTTP would show the four-part key to the network, so it needs `allowPlain`. */
export class PlainUrl extends Schema.TaggedError<PlainUrl>()("PlainUrl", { environment: Environment }) {
  override get message() {
    return `The EPX URL for ${this.environment} must begin with https:`
  }
}

export interface WireOptions {
  readonly urls: { readonly [environment in Environment]?: URL | undefined }
  /** EPX closes every connection after its answer, so only a gateway in between can make use of this. */
  readonly keepAlive: boolean
  /** Accepts `http:` URLs, for the simulator. */
  readonly allowPlain?: boolean | undefined
  /** PEM of a certificate authority to trust instead of the well-known ones. */
  readonly ca?: string | undefined
  /** Most connections at a time to one environment; 512 by default. Further calls wait, and their fence runs. */
  readonly connections?: number | undefined
  /** As many again, which only reversals use: they are needed most when all other calls hang. 64 by default. */
  readonly reservedConnections?: number | undefined
  /** Longest wait for a connection including its TLS handshake; 5,000 by default. undici may add half a second. */
  readonly connectTimeout_ms?: number | undefined
}

/** One request: where it goes, until when it may begin, and how long EPX may take from its first byte on. */
export interface Post {
  readonly environment: Environment
  readonly lane: Lane
  readonly body: string
  readonly fence: Fence
  readonly limit_ms: number
}

type Lane = "charges" | "reversals"

interface Endpoint {
  readonly origin: string
  readonly path: string
  readonly dispatchers: Readonly<Record<Lane, Dispatcher>>
}

const endpoint = Effect.fnUntraced(function* (
  environment: Environment,
  url: URL,
  options: WireOptions
): Effect.fn.Return<Endpoint, PlainUrl, Scope.Scope> {
  if (url.protocol !== "https:" && options.allowPlain !== true) return yield* new PlainUrl({ environment })
  const dispatchers = {
    charges: yield* agent(options.connections ?? 512, options),
    reversals: yield* agent(options.reservedConnections ?? 64, options)
  }
  return { origin: url.origin, path: url.pathname + url.search, dispatchers }
})

const agent = (connections: number, { ca, connectTimeout_ms = 5_000 }: WireOptions) =>
  Effect.acquireRelease(
    Effect.sync(
      () =>
        new Agent({
          allowH2: false,
          pipelining: 1,
          connections,
          connect: {
            timeout: connectTimeout_ms,
            // Spelled out because an environment variable of Node can switch the check off.
            rejectUnauthorized: true,
            ...(ca === undefined ? {} : { ca })
          }
        })
    ),
    // undici's way to close is a promise.
    (made) => Effect.promise(() => made.destroy())
  )

/** Waits for the first byte up to the fence, and from there for the whole answer up to the limit. */
const exchange = (target: Endpoint, post: Post, reset: boolean): Effect.Effect<Ending> =>
  Effect.suspend(() => {
    const left = post.fence.left()
    if (left < 0) return Effect.succeed(notSent("fence", "the fence had passed"))
    const call = new Exchange(post.fence)
    target.dispatchers[post.lane].dispatch(
      {
        origin: target.origin,
        path: target.path,
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: post.body,
        reset,
        // Our own limit covers headers and body together.
        headersTimeout: 0,
        bodyTimeout: 0
      },
      call
    )
    return Deferred.await(call.begun).pipe(
      // A request that left in the very moment the fence passed is on its way, and is waited for like any other.
      Effect.timeoutOrElse({
        duration: left,
        orElse: () => Effect.sync(() => call.withdraw(notSent("fence", "no connection before the fence")))
      }),
      Effect.andThen(
        Deferred.await(call.ended).pipe(
          Effect.timeoutOrElse({
            duration: post.limit_ms,
            orElse: () =>
              Effect.suspend(() => {
                call.abandon(`no answer within ${post.limit_ms} ms`)
                return Deferred.await(call.ended)
              })
          })
        )
      ),
      Effect.onInterrupt(() => Effect.sync(() => call.abandon("interrupted")))
    )
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
        const { test, live } = options.urls
        const endpoints: { readonly [environment in Environment]: Endpoint | undefined } = {
          test: test && (yield* endpoint("test", test, options)),
          live: live && (yield* endpoint("live", live, options))
        }

        const post = (request: Post): Effect.Effect<Ending> => {
          const target = endpoints[request.environment]
          return target === undefined
            ? Effect.succeed(notSent("unconfigured", `no EPX URL for ${request.environment}`))
            : exchange(target, request, !options.keepAlive)
        }

        return Wire.of({ post })
      })
    )
}
