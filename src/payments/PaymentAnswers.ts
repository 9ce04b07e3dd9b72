import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { TransactionIds } from "../domain/Ids.ts"
import { DecidedStatus, Payment, UndecidedStatus } from "../domain/Payment.ts"
import { TransactionStatus } from "../domain/Transaction.ts"

const headers = {
  "idempotent-replayed": Schema.optionalKey(Schema.Literal("true")),
  "transaction-id": TransactionIds.Id,
  "transaction-status": TransactionStatus
}

export const Decided = HttpApiSchema.WithHeaders(
  Payment.mapFields((fields) => ({ ...fields, status: DecidedStatus }))
    .annotate({
      identifier: "DecidedPayment",
      description: "The payment; a decline is an answer too. `Transaction-Id` names what was done for this request."
    })
    .pipe(HttpApiSchema.status(201)),
  headers
)

export const Undecided = HttpApiSchema.WithHeaders(
  Payment.mapFields((fields) => ({ ...fields, status: UndecidedStatus }))
    .annotate({
      identifier: "UndecidedPayment",
      description: "EPX has not said what became of it. The payment will be decided: read it again."
    })
    .pipe(HttpApiSchema.status(202)),
  headers
)
