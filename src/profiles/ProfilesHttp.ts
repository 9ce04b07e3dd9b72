import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { OperatorApi } from "../OperatorApi.ts"
import { Profiles } from "./Profiles.ts"

export const ProfilesHttp = HttpApiBuilder.group(
  OperatorApi,
  "profiles",
  Effect.fn(function* (handlers) {
    const profiles = yield* Profiles

    return handlers.handleAll({
      cpu: ({ query }) => Effect.map(profiles.cpu(query.seconds), asItIs),
      heap: ({ query }) => Effect.map(profiles.heap(query.seconds), asItIs)
    })
  })
)

/** Megabytes, which neither a schema nor a compressor need go through while payments wait. */
const asItIs = (profile: object) =>
  HttpServerResponse.jsonUnsafe(profile, { headers: { "cache-control": "no-store, no-transform" } })
