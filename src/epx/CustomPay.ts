import { Clock, Context, Effect, Layer, Metric, Option, Redacted } from "effect"
import type { Environment } from "../domain/Terminal.ts"
import { epxLookUps } from "../telemetry/Metrics.ts"
import { type ConnectionOptions, type Connections, exchange, makeConnections } from "./Connections.ts"
import { detailedRow, type Row, rowOf, shown } from "./CustomPayAnswers.ts"
import { epiSignature } from "./EpiSignature.ts"
import type { Ending } from "./Exchange.ts"
import { type Fence, makeFence } from "./Fence.ts"
import { type LookUp, type LookUpQuery, type LookUpRow, type Unanswered, unanswered } from "./LookUp.ts"
import { forEachUrl, type Places, type PlainUrl } from "./Places.ts"

export interface CustomPayOptions extends Places, ConnectionOptions {
  /** False by default, as in working clients; EPX does not say. */
  readonly isQuerySigned?: boolean | undefined
}

interface Endpoint {
  readonly origin: string
  /** In front of the path that is signed. */
  readonly base: string
  readonly connections: Connections
}

/** For the whole look-up: connections, both questions, headers and bodies. */
const limit_ms = 10_000

// A row has some 250 bytes, so this is a list of 16,000 transactions, which takes 40 ms to parse: for as long all else
// in the process stands still. Eight at a time are kept in memory.
const bodyLimit = 4 * 1024 * 1024
const bounds = { lane: "look_ups", connections: 8, queued: 64 } as const

/** EPX Custom Pay, of which we ask one thing: what became of a call whose answer was lost. */
export class CustomPay extends Context.Service<
  CustomPay,
  {
    /** Asks within ten seconds, and never fails: where nothing can be relied on, it is `Unanswered`. */
    find(query: LookUpQuery): Effect.Effect<LookUp>
  }
>()("payment-service/epx/CustomPay") {
  static readonly layer = (options: CustomPayOptions): Layer.Layer<CustomPay, PlainUrl> =>
    Layer.effect(
      CustomPay,
      Effect.gen(function* () {
        const isQuerySigned = options.isQuerySigned ?? false
        const endpoints = yield* forEachUrl(options, (environment, url) => makeEndpoint(environment, url, options))

        const get = (endpoint: Endpoint, { key, secret }: LookUpQuery, target: string, fence: Fence) =>
          Effect.suspend(() => {
            const headers = {
              "content-type": "application/json",
              "epi-id": `${key.cust_nbr}-${key.merch_nbr}-${key.dba_nbr}-${key.terminal_nbr}`,
              "epi-signature": epiSignature(secret, { target, body: "", isQuerySigned })
            }
            const path = endpoint.base + target
            const request = { origin: endpoint.origin, path, method: "GET", headers, reset: true } as const
            return Effect.flatMap(exchange(endpoint.connections, { request, fence, limit_ms, bodyLimit }), bodyOf)
          })

        const look = Effect.fnUntraced(function* (
          endpoint: Endpoint,
          query: LookUpQuery
        ): Effect.fn.Return<LookUp, Unanswered> {
          const fence = yield* makeFence((yield* Clock.currentTimeMillis) + limit_ms)
          const listed = rowOf(yield* get(endpoint, query, "/sale", fence), query)
          const row = yield* Effect.fromResult(listed)
          if (Option.isNone(row)) return { _tag: "Absent" }
          // Nobody says that declined calls are left out of the list, so being on it approves nothing.
          if ((row.value.response ?? "") !== "") return found(shown(row.value))
          const body = yield* get(endpoint, query, detailTarget(row.value), fence)
          return found(yield* Effect.fromResult(detailedRow(body, row.value, query)))
        })

        const find = (query: LookUpQuery): Effect.Effect<LookUp> => {
          const endpoint = endpoints[query.environment]
          const lookedUp =
            endpoint === undefined
              ? Effect.succeed(unanswered("unconfigured", `no look-up URL for ${query.environment}`))
              : look(endpoint, query).pipe(
                  Effect.timeoutOrElse({
                    duration: limit_ms,
                    orElse: () => Effect.succeed(unanswered("no_answer", `no answer within ${limit_ms} ms`))
                  }),
                  Effect.catch((nothing) => Effect.succeed<LookUp>(nothing))
                )
          return lookedUp.pipe(
            Effect.tap(report),
            Effect.withSpan("CustomPay.find", { kind: "client" }, { captureStackTrace: false })
          )
        }

        return CustomPay.of({ find })
      })
    )
}

const makeEndpoint = Effect.fnUntraced(function* (environment: Environment, url: URL, options: CustomPayOptions) {
  const connections = yield* makeConnections({ environment, ...bounds }, options)
  const endpoint: Endpoint = { origin: url.origin, base: url.pathname.replace(/\/+$/, ""), connections }
  return endpoint
})

const bodyOf = (ending: Ending): Effect.Effect<Uint8Array, Unanswered> => {
  switch (ending._tag) {
    case "Answered":
      return Effect.succeed(ending.body)
    case "NotSent":
      return Effect.fail(unanswered("unreachable", ending.detail))
    case "InDoubt": {
      if (ending.status === 401 || ending.status === 403) return Effect.fail(unanswered("refused", ending.detail))
      return Effect.fail(unanswered(ending.reason === "no_answer" ? "no_answer" : "unreadable", ending.detail))
    }
  }
}

const found = (row: LookUpRow): LookUp => ({ _tag: "Found", row })

/** EPX has refunds at a path of their own. */
const detailTarget = (row: Row): string =>
  `/${refundType.test(row["system/trantype"]) ? "refund" : "sale"}/${Redacted.value(row.authbric)}`

// EPX data dictionary: the refund of a card, what EPX makes of one of a part, and ACH credits.
const refundType = /^(CCE9|CCEA|CK[CS]3)$/

const report = Effect.fnUntraced(function* (result: LookUp) {
  const outcome = result._tag === "Unanswered" ? result.reason : result._tag.toLowerCase()
  yield* Effect.annotateCurrentSpan({
    "epx.outcome": outcome,
    ...(result._tag === "Unanswered" ? { "epx.detail": result.detail } : {})
  })
  yield* Metric.update(epxLookUps({ outcome }), 1)
})
