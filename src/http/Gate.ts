import type { IncomingMessage, ServerResponse } from "node:http"
import { Effect, Metric } from "effect"
import { SecureRandom } from "effect/crypto"
import { makeFibers } from "../running/Fibers.ts"
import { httpRequestsTurnedAway } from "../telemetry/Metrics.ts"
import { Admission } from "./Admission.ts"
import { overloaded, send } from "./Answers.ts"
import { Health } from "./Health.ts"
import { requestIdFrom } from "./RequestId.ts"

/** Answers a request, or leaves it to the routes. */
export type Gate = (request: IncomingMessage, response: ServerResponse) => boolean

interface Line {
  readonly method?: string | undefined
  readonly url?: string | undefined
}

export const movesMoney = ({ method, url }: Line) => method === "POST" && url?.startsWith("/v1/payments") === true

/**
 * Turns away what there is no room for before any route is looked for: where two are refused for each that is served,
 * what they cost is taken from those that are. The edge refuses what is left to it.
 */
export const overloadGate = Effect.gen(function* () {
  const admission = yield* Admission
  const health = yield* Health
  const random = yield* SecureRandom.SecureRandom
  const { fork } = yield* makeFibers

  const turnAway = (request: IncomingMessage, response: ServerResponse) => {
    const header = request.headers["x-request-id"]
    const id = requestIdFrom(typeof header === "string" ? header : undefined, random)
    return Effect.andThen(
      Metric.update(httpRequestsTurnedAway, 1),
      Effect.map(id, (id) => send(response, overloaded(id), !health.isReadyUnsafe()))
    )
  }

  const gate: Gate = (request, response) => {
    if (!admission.isFullUnsafe() || !movesMoney(request) || !isBrief(request)) return false
    fork(turnAway(request, response))
    return true
  }
  return gate
})

/** What comes after an answer is read to its end, so it must have one that is near. */
const isBrief = ({ headers }: IncomingMessage) => Number(headers["content-length"]) <= 65_536
