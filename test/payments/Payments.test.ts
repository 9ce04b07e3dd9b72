import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { ApiKeyIds, MerchantIds } from "../../src/domain/Ids.ts"
import { scopes } from "../../src/domain/Scope.ts"
import { DeclineGuard } from "../../src/http/DeclineGuard.ts"
import { NewPayment } from "../../src/payments/NewPayment.ts"
import { Payments } from "../../src/payments/Payments.ts"
import { PaymentsRepo } from "../../src/payments/PaymentsRepo.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { Transactions } from "../../src/transactions/charges/Transactions.ts"
import { Cancellations } from "../../src/transactions/follow-ups/Cancellations.ts"
import { FollowUps } from "../../src/transactions/follow-ups/FollowUps.ts"

const uuid = "01a2042c-fd7c-7000-8000-000000000001"
const charger = {
  merchantId: MerchantIds.fromUuid(uuid),
  environment: "test" as const,
  keyId: ApiKeyIds.fromUuid(uuid),
  scopes: new Set(scopes)
}

/** What a request is known by when it comes again. */
const knownBy = Effect.fnUntraced(function* (request: object) {
  const charged: Array<string> = []
  const layer = Payments.layer.pipe(
    Layer.provide([
      Layer.succeed(DeclineGuard, { refusal: () => undefined, count: () => {} }),
      Layer.mock(Transactions)({
        charge: ({ fingerprint }) =>
          Effect.andThen(
            Effect.sync(() => charged.push(Buffer.from(fingerprint).toString())),
            Effect.die("charged")
          )
      }),
      Layer.mock(FollowUps)({}),
      Layer.mock(Cancellations)({ cancel: () => Effect.die("unasked") }),
      Layer.mock(PaymentsRepo)({}),
      Layer.mock(ColumnCipher)({
        seal: () => ({ keyId: "", sealed: Buffer.of() }),
        fingerprint: (value) => Buffer.from(value)
      })
    ])
  )
  const payments = Context.get(yield* Layer.build(layer), Payments)
  const payment = yield* Schema.decodeUnknownEffect(NewPayment)(request)
  yield* Effect.exit(payments.create(charger, payment, "key"))
  return charged[0]
})

const request = { amount: 1999, currency: "USD", source: { bric: "09LTESTVISA00000001" } }

describe("a payment that is asked for again", () => {
  it.effect("is known by what it was known by before there were addresses", () =>
    Effect.gen(function* () {
      const known =
        'POST /v1/payments {"allow_duplicate":false,"amount":1999,"billing_address":{},"capture":true,"currency":"USD",' +
        '"customer_id":null,"metadata":{},"order_ref":null,"source":{"bric":"09LTESTVISA00000001"}}'
      assert.strictEqual(yield* knownBy(request), known)
      assert.strictEqual(yield* knownBy({ ...request, customer_ip: null }), known)
    })
  )

  it.effect("is the same from another address: whoever has lost an answer may have lost a network", () =>
    Effect.gen(function* () {
      const known = yield* knownBy(request)
      assert.strictEqual(yield* knownBy({ ...request, customer_ip: "192.0.2.1" }), known)
    })
  )
})
