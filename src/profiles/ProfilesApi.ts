import { Duration, Effect, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { ProfileUnderWay } from "../domain/ProfileUnderWay.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { operation } from "../http/Operation.ts"
import { problem } from "../http/Problem.ts"
import { requestDeadline } from "../http/RequestDeadline.ts"

/** It has to be put together and sent, too, before the request is out of time. */
const longest = Duration.toSeconds(requestDeadline) - 5

const seconds = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: longest })).pipe(
  Schema.withDecodingDefaultKey(Effect.succeed(String(longest)))
)

const secondsParameter = {
  description: "For how long it is taken.",
  schema: { type: "integer", minimum: 1, maximum: longest, default: longest }
}

// Only as far as a reader may want to know it: V8 makes it, and developer tools read it.
const CpuProfile = Schema.Struct({
  nodes: Schema.Array(Schema.Unknown),
  startTime: Schema.Finite,
  endTime: Schema.Finite,
  samples: Schema.Array(Schema.Int),
  timeDeltas: Schema.Array(Schema.Int)
}).annotate({
  identifier: "CpuProfile",
  description: "A `.cpuprofile` as Chrome DevTools, VS Code and speedscope open it. Times are microseconds."
})

const HeapProfile = Schema.Struct({ head: Schema.Unknown, samples: Schema.Array(Schema.Unknown) }).annotate({
  identifier: "HeapProfile",
  description: "A `.heapprofile` as Chrome DevTools and VS Code open it. Sizes are bytes."
})

const callFrame = {
  functionName: "(root)",
  scriptId: "0",
  url: "",
  lineNumber: -1,
  columnNumber: -1
}

const error = [problem(ProfileUnderWay), problem(DatabaseUnavailable)] as const

const both =
  " Names and places of functions, with counts and sizes, are all that is in it: no value of any variable. One at a " +
  "time; the second is answered `profile_under_way`. It ends when its client goes away, and is on record as " +
  "`profile.started`."

export class ProfilesApi extends HttpApiGroup.make("profiles")
  .add(
    HttpApiEndpoint.post("cpu", "/v1/profiles/cpu", { query: { seconds }, success: CpuProfile, error }).annotateMerge(
      operation({
        summary: "Take a profile of the processor's time",
        description: `Where this process spends its time while it goes on working.${both}`,
        parameters: { seconds: secondsParameter },
        answers: {
          200: {
            nodes: [{ id: 1, callFrame, hitCount: 0, children: [] }],
            startTime: 81_000_000,
            endTime: 91_000_000,
            samples: [1],
            timeDeltas: [1_250]
          }
        }
      })
    ),
    HttpApiEndpoint.post("heap", "/v1/profiles/heap", {
      query: { seconds },
      success: HeapProfile,
      error
    }).annotateMerge(
      operation({
        summary: "Take a sampling profile of the heap",
        description: `By which functions memory was taken meanwhile that has not been collected since.${both}`,
        parameters: { seconds: secondsParameter },
        answers: { 200: { head: { callFrame, selfSize: 0, id: 1, children: [] }, samples: [] } }
      })
    )
  )
  .middleware(OperatorAuthentication)
  .annotateMerge(
    OpenApi.annotations({ title: "Profiles", description: "What this process does with its time and its memory." })
  ) {}
