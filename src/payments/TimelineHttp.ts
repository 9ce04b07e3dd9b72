import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { Caller } from "../http/Authentication.ts"
import { Timelines } from "./Timelines.ts"

export const TimelineHttp = HttpApiBuilder.group(
  Api,
  "timeline",
  Effect.fn(function* (handlers) {
    const timelines = yield* Timelines

    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params }) {
        return yield* timelines.get(yield* Caller, params.id)
      })
    })
  })
)
