import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { OperatorApi } from "../OperatorApi.ts"
import { KillSwitches } from "./KillSwitches.ts"

export const KillSwitchesHttp = HttpApiBuilder.group(
  OperatorApi,
  "killSwitches",
  Effect.fn(function* (handlers) {
    const switches = yield* KillSwitches

    return handlers.handleAll({
      throw: ({ payload }) => switches.throw(payload),
      list: ({ query }) => switches.list(query.limit, query.starting_after),
      lift: ({ params }) => switches.lift(params.id)
    })
  })
)
