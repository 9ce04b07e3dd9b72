import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { KillSwitchIds } from "../domain/Ids.ts"
import { KillSwitch, KillSwitchNotFound } from "../domain/KillSwitch.ts"
import { MerchantNotFound } from "../domain/Merchant.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { operation } from "../http/Operation.ts"
import { limit, pageParameters } from "../http/Page.ts"
import { problem } from "../http/Problem.ts"
import { killSwitchExample } from "./KillSwitchExample.ts"
import { NewKillSwitch } from "./NewKillSwitch.ts"

export class KillSwitchesApi extends HttpApiGroup.make("killSwitches")
  .add(
    HttpApiEndpoint.post("throw", "/v1/kill-switches", {
      payload: NewKillSwitch,
      success: KillSwitch.pipe(HttpApiSchema.status(201)),
      error: [problem(MerchantNotFound), problem(DatabaseUnavailable)]
    }).annotateMerge(
      operation({
        summary: "Stop an operation, of one merchant or of all",
        description:
          "Whoever asks for it after the answer is told `operation_stopped`, by every process, and nothing is sent. " +
          "What has begun goes on, what was done can be read, refunds that wait for a settlement wait on, and what " +
          "the service does to put things right is not stopped. Where it is stopped already, the reason is replaced.",
        request: {
          operation: killSwitchExample.operation,
          merchant_id: killSwitchExample.merchant_id,
          reason: killSwitchExample.reason
        },
        answers: { 201: killSwitchExample }
      })
    ),
    HttpApiEndpoint.get("list", "/v1/kill-switches", {
      query: { limit, starting_after: Schema.optionalKey(KillSwitchIds.Id) },
      success: Schema.Struct({ data: Schema.Array(KillSwitch), has_more: Schema.Boolean }).annotate({
        identifier: "KillSwitchList"
      }),
      error: problem(DatabaseUnavailable)
    }).annotateMerge(
      operation({
        summary: "List what is stopped, the newest first",
        parameters: pageParameters,
        answers: { 200: { data: [killSwitchExample], has_more: false } }
      })
    ),
    HttpApiEndpoint.post("lift", "/v1/kill-switches/:id/lift", {
      params: { id: KillSwitchIds.Id },
      success: KillSwitch,
      error: [problem(KillSwitchNotFound), problem(DatabaseUnavailable)]
    }).annotateMerge(
      operation({
        summary: "Let an operation go on",
        parameters: { id: { description: "The id of the kill switch.", example: killSwitchExample.id } },
        answers: { 200: killSwitchExample }
      })
    )
  )
  .middleware(OperatorAuthentication)
  .annotateMerge(OpenApi.annotations({ title: "Kill switches", description: "What is stopped for the time being." })) {}
