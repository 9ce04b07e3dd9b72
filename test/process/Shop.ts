import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { Demo } from "../../src/local/DemoData.ts"

/** What `npm start` leaves for a newcomer. */
export const readDemo = (directory: string) =>
  Schema.decodeSync(Schema.fromJsonString(Demo))(readFileSync(join(directory, "demo.json"), "utf8"))

/** A published BRIC of the simulator. */
export const visa = "09LTESTVISA00000001"

export interface Access {
  readonly url: string
  readonly apiKey: string
}

export interface Order {
  readonly key: string
  readonly amount: number
  /** Without it, a guard of the order stands beside the key. */
  readonly allow_duplicate?: boolean
}

export const bodyOf = ({ allow_duplicate = false, amount, key }: Order) =>
  JSON.stringify({ amount, currency: "USD", source: { bric: visa }, order_ref: key.slice(0, 64), allow_duplicate })

export const headersOf = ({ apiKey }: Access, { key }: Order) => ({
  authorization: `Bearer ${apiKey}`,
  "content-type": "application/json",
  "idempotency-key": key
})

/** What a test looks at in a payment. */
export const PaymentSeen = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  amount: Schema.Int,
  amount_captured: Schema.Int,
  decline: Schema.NullOr(Schema.Struct({ code: Schema.String })),
  transactions: Schema.Array(Schema.Struct({ type: Schema.String, status: Schema.String }))
})
const PaymentsSeen = Schema.Struct({ data: Schema.Array(PaymentSeen) })

/** Asks for a sale; fails as `fetch` does when no answer comes. */
export const sell = (access: Access, order: Order, headers: Readonly<Record<string, string>> = {}) =>
  Effect.tryPromise(async (signal) => {
    const response = await fetch(`${access.url}/v1/payments`, {
      method: "POST",
      headers: { ...headersOf(access, order), ...headers },
      body: bodyOf(order),
      signal
    })
    const body: unknown = await response.json()
    return { status: response.status, isReplayed: response.headers.get("idempotent-replayed") === "true", body }
  })

export const paymentOf = ({ body }: { readonly body: unknown }) => Schema.decodeUnknownSync(PaymentSeen)(body)

/** The newest payments first. */
export const payments = ({ apiKey, url }: Access) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/v1/payments`, { headers: { authorization: `Bearer ${apiKey}` } })
    return Schema.decodeUnknownSync(PaymentsSeen)(await response.json()).data
  })

export const statusOf = (url: string) =>
  Effect.tryPromise(async () => {
    const response = await fetch(url)
    await response.body?.cancel()
    return response.status
  })
