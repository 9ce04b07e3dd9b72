import { containsCardNumber } from "../http/CardNumber.ts"
import type { PaymentBook } from "./Books.ts"
import { type Violation, violation } from "./Violation.ts"

/** As EPX makes them: 19 or 20 capitals and digits, of both kinds. */
const bric = /(?<![0-9A-Za-z])(?=[0-9A-Z]*[0-9])(?=[0-9A-Z]*[A-Z])[0-9A-Z]{19,20}(?![0-9A-Za-z])/

/** What merchants write may look like a token by chance; what the service writes may not. */
const written: ReadonlySet<string> = new Set(["customer_id", "order_ref", "metadata", "idempotency_key"])

const secretsIn = (texts: Readonly<Record<string, string | null>>): ReadonlyArray<string> =>
  Object.entries(texts).flatMap(([column, text]) => {
    if (text === null) return []
    if (containsCardNumber(text)) return [`${column} holds a card number`]
    return !written.has(column) && bric.test(text) ? [`${column} holds a token`] : []
  })

/** No card number and no token in any column that is not sealed. The secret itself is not repeated. */
export const clearTextViolations = ({ events, payment, transactions }: PaymentBook): ReadonlyArray<Violation> => [
  ...secretsIn(payment.texts).map((detail) => violation("secret_in_clear", { payment: payment.id }, detail)),
  ...transactions.flatMap(({ id, texts }) =>
    secretsIn(texts).map((detail) => violation("secret_in_clear", { payment: payment.id, transaction: id }, detail))
  ),
  ...events.flatMap(({ texts, transaction_id }) =>
    secretsIn(texts).map((detail) =>
      violation("secret_in_clear", { payment: payment.id, transaction: transaction_id }, `event: ${detail}`)
    )
  )
]
