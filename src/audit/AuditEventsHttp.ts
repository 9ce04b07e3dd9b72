import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { OperatorApi } from "../OperatorApi.ts"
import { AuditEvents } from "./AuditEvents.ts"

export const AuditEventsHttp = HttpApiBuilder.group(
  OperatorApi,
  "auditEvents",
  Effect.fn(function* (handlers) {
    const auditEvents = yield* AuditEvents

    return handlers.handleAll({ list: ({ query }) => auditEvents.list(query) })
  })
)
