import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Exception, Outcome } from "../domain/Exception.ts"
import {
  AmountNotAllowed,
  ExceptionNotFound,
  ExceptionNotOpen,
  ExceptionResolved,
  OutcomeNotAllowed
} from "../domain/ExceptionErrors.ts"
import { AuditEventIds, MerchantIds, TransactionIds } from "../domain/Ids.ts"
import { Payment } from "../domain/Payment.ts"
import { Environment } from "../domain/Terminal.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { operation } from "../http/Operation.ts"
import { limit, pageParameters } from "../http/Page.ts"
import { problem } from "../http/Problem.ts"
import { exceptionExample, resolvedExample } from "./ExceptionExample.ts"
import { NewResolution } from "./NewResolution.ts"

/** An exception that is none any more. */
export const ResolvedException = Schema.Struct({
  object: Schema.Literal("resolution"),
  /** The call that got its outcome; of a stalled undo, the void that is taken for made. */
  transaction_id: TransactionIds.Id,
  outcome: Outcome,
  payment: Payment,
  audit_event_id: AuditEventIds.Id
}).annotate({
  identifier: "ResolvedException",
  description: "`transaction_id` is the call that got its outcome; of a stalled undo, the void that is taken for made."
})
export type ResolvedException = typeof ResolvedException.Type

export class ExceptionsApi extends HttpApiGroup.make("exceptions")
  .add(
    HttpApiEndpoint.get("list", "/v1/exceptions", {
      query: {
        limit,
        starting_after: Schema.optionalKey(TransactionIds.Id),
        environment: Schema.optionalKey(Environment),
        merchant_id: Schema.optionalKey(MerchantIds.Id)
      },
      success: Schema.Struct({ data: Schema.Array(Exception), has_more: Schema.Boolean }).annotate({
        identifier: "ExceptionList"
      }),
      error: problem(DatabaseUnavailable)
    }).annotateMerge(
      operation({
        summary: "List what needs a person, the oldest first",
        description:
          "Calls of unknown outcome about which nothing automatic is left to try, and payments that are to be undone " +
          "and cannot be.",
        parameters: {
          ...pageParameters,
          environment: { description: "Only this side." },
          merchant_id: { description: "Only exceptions of this merchant." }
        },
        answers: { 200: { data: [exceptionExample], has_more: false } }
      })
    ),
    HttpApiEndpoint.post("resolve", "/v1/exceptions/:id/resolve", {
      params: { id: TransactionIds.Id },
      payload: NewResolution,
      success: ResolvedException,
      error: [
        problem(ExceptionNotFound),
        problem(ExceptionResolved),
        problem(ExceptionNotOpen),
        problem(OutcomeNotAllowed),
        problem(AmountNotAllowed),
        problem(DatabaseUnavailable)
      ]
    }).annotateMerge(
      operation({
        summary: "Say what became of a call",
        description:
          "Ask EPX first: what is said here moves totals and books, and cannot be taken back. Who said so, and why, " +
          "is " +
          "kept in the same commit. The first one counts; a second is answered `exception_resolved`. A payment that " +
          "is " +
          "to be undone goes on being undone.",
        parameters: { id: { description: "The id of the exception.", example: exceptionExample.id } },
        request: { outcome: "approved", evidence: "EPX case 4711: settled in batch 20261122" },
        answers: { 200: resolvedExample }
      })
    )
  )
  .middleware(OperatorAuthentication)
  .annotateMerge(OpenApi.annotations({ title: "Exceptions", description: "What only a person can find out." })) {}
