import { randomBytes } from "node:crypto"
import { Effect, Redacted, Result, Schema } from "effect"
import { PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { AnswerDocument } from "../../src/epx/AnswerFields.ts"
import { answerText } from "../../src/epx/AnswerText.ts"
import { decide } from "../../src/epx/Decision.ts"
import { fieldsOf } from "../../src/epx/Fields.ts"
import { Form } from "../../src/epx/Form.ts"
import { findCardNumber } from "../../src/http/CardNumber.ts"
import { canonical } from "../../src/payments/Canonical.ts"
import { NewPayment } from "../../src/payments/NewPayment.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { PaymentRow, toPayment } from "../../src/postgres/PaymentRow.ts"
import { sealBric } from "../../src/postgres/SealedBric.ts"
import { approval } from "./Approval.ts"
import type { Subject } from "./Subject.ts"
import { epxRequest, paymentRow, usualSale } from "./UsualSale.ts"

const cipher = Effect.runSync(
  ColumnCipher.pipe(
    Effect.provide(
      ColumnCipher.layer({
        keys: [{ id: "micro", key: Redacted.make(randomBytes(32)) }],
        fingerprintKey: Redacted.make(randomBytes(32))
      })
    )
  )
)

const uuid = "01a2042c-fd7c-766c-972a-9e5d917959a1"
const transactionId = TransactionIds.fromUuid(uuid)
const bric = Redacted.make(usualSale.source.bric)

const decodeNewPayment = Schema.decodeUnknownSync(NewPayment, { onExcessProperty: "error", errors: "all" })
const encodeForm = Schema.encodeSync(Form)
const decodeAnswer = Schema.decodeResult(AnswerDocument)
const decodeRow = Schema.decodeUnknownSync(PaymentRow)

const row = paymentRow(uuid)
const payment = toPayment(decodeRow(row))
const answer = Buffer.from(approval(new URLSearchParams(encodeForm(fieldsOf(epxRequest)))))

/** The pure parts of a sale, in the order in which it passes them. */
export const parts: ReadonlyArray<Subject> = [
  { name: "guard against card numbers", run: () => findCardNumber(usualSale) },
  { name: "decode NewPayment", run: () => decodeNewPayment(usualSale) },
  { name: "canonical, fingerprint", run: () => cipher.fingerprint(`POST /v1/payments ${canonical(usualSale)}`) },
  { name: "encode an id", run: () => PaymentIds.fromUuid(uuid) },
  { name: "decode an id", run: () => PaymentIds.toUuid(payment.id) },
  { name: "EPX request form", run: () => encodeForm(fieldsOf(epxRequest)) },
  {
    name: "EPX answer to result",
    run: () => decide(epxRequest, Result.getOrThrow(decodeAnswer(answerText(answer))))
  },
  { name: "seal a BRIC", run: () => sealBric(cipher, transactionId, bric) },
  { name: "decode a payment row", run: () => toPayment(decodeRow(row)) },
  { name: "payment to JSON", run: () => JSON.stringify(payment) }
]
