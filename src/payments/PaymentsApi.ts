import { Effect, Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { InvalidApiKey, MerchantSuspended, ScopeMissing } from "../domain/AccessErrors.ts"
import {
  GatewayUnavailable,
  IdempotencyKeyReused,
  InvalidCursor,
  PaymentNotFound,
  TerminalMissing
} from "../domain/ChargeErrors.ts"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { PaymentIds } from "../domain/Ids.ts"
import { DecidedStatus, Payment, PaymentStatus, UndecidedStatus } from "../domain/Payment.ts"
import { Authentication, PaymentsRead, PaymentsWrite } from "../http/Authentication.ts"
import { IdempotencyKey } from "../http/IdempotencyKey.ts"
import { problem } from "../http/Problem.ts"
import { NewPayment } from "./NewPayment.ts"

// The two answers of a charge must not overlap: the first schema that fits the payment gives the HTTP status.
const replayed = { "idempotent-replayed": Schema.optionalKey(Schema.Literal("true")) }

const Decided = HttpApiSchema.WithHeaders(
  Payment.mapFields((fields) => ({ ...fields, status: DecidedStatus })).pipe(HttpApiSchema.status(201)),
  replayed
)
const Undecided = HttpApiSchema.WithHeaders(
  Payment.mapFields((fields) => ({ ...fields, status: UndecidedStatus })).pipe(HttpApiSchema.status(202)),
  replayed
)

const PaymentList = Schema.Struct({
  data: Schema.Array(Payment),
  has_more: Schema.Boolean,
  next_cursor: Schema.NullOr(Schema.String)
})

const Limit = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))

export class PaymentsApi extends HttpApiGroup.make("payments")
  .add(
    HttpApiEndpoint.post("create", "/v1/payments", {
      headers: { "idempotency-key": IdempotencyKey },
      payload: NewPayment,
      success: [Decided, Undecided],
      error: [
        problem(IdempotencyKeyReused),
        problem(GatewayUnavailable),
        problem(DatabaseUnavailable),
        problem(MerchantSuspended),
        problem(InvalidApiKey),
        problem(ScopeMissing),
        problem(TerminalMissing)
      ]
    }).middleware(PaymentsWrite),
    HttpApiEndpoint.get("get", "/v1/payments/:id", {
      params: { id: Schema.String },
      success: Payment,
      error: [problem(PaymentNotFound), problem(DatabaseUnavailable)]
    }).middleware(PaymentsRead),
    HttpApiEndpoint.get("list", "/v1/payments", {
      query: {
        limit: Limit.pipe(Schema.withDecodingDefaultKey(Effect.succeed("25"))),
        status: Schema.optionalKey(PaymentStatus),
        starting_after: Schema.optionalKey(PaymentIds.Id),
        cursor: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100)))
      },
      success: PaymentList,
      error: [problem(InvalidCursor), problem(DatabaseUnavailable)]
    }).middleware(PaymentsRead)
  )
  .middleware(Authentication) {}
