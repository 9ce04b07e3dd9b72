import { Context, Effect, Layer } from "effect"
import type { AuditEvent } from "../domain/AuditEvent.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type Page, pageOf } from "../postgres/Page.ts"
import { AuditEventsRepo, type AuditQuery } from "./AuditEventsRepo.ts"

/** What operators did. */
export class AuditEvents extends Context.Service<
  AuditEvents,
  { list(query: AuditQuery): Effect.Effect<Page<AuditEvent>, DatabaseUnavailable> }
>()("payment-service/audit/AuditEvents") {
  static readonly layer = Layer.effect(
    AuditEvents,
    Effect.gen(function* () {
      const repo = yield* AuditEventsRepo
      return AuditEvents.of({
        list: Effect.fn("AuditEvents.list")((query: AuditQuery) =>
          Effect.map(repo.list({ ...query, limit: query.limit + 1 }), pageOf(query.limit))
        )
      })
    })
  )
}
