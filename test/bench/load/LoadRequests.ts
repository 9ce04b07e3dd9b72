import { randomUUID } from "node:crypto"
import type { Dispatcher } from "undici"
import { makeSale } from "./Sales.ts"

/** A good answer. */
export interface Answer {
  readonly id: string
  readonly cents: number
}

/** Sends the n-th request; anything but a good answer rejects, and one that was turned away with `Refused`. */
export type SendRequest = (n: number) => Promise<Answer>

type Sender = Pick<Dispatcher, "request">

/** Takes the n-th request to one of several servers. */
export type Choose = (n: number) => Sender

/** Each sale has an idempotency key of its own; its answer must say that the whole amount was captured. */
export const saleRequest = (choose: Choose, apiKey: string, brics: ReadonlyArray<string>): SendRequest => {
  const authorization = `Bearer ${apiKey}`
  return async (n) => {
    const sale = makeSale(n, brics)
    const response = await choose(n).request({
      method: "POST",
      path: "/v1/payments",
      headers: { authorization, "content-type": "application/json", "idempotency-key": randomUUID() },
      body: sale.body
    })
    const payment = await readPayment(response, 201)
    if (payment.status !== "captured") throw new BadAnswer(`status_${payment.status}`)
    if (payment.cents !== sale.amount) throw new BadAnswer("other_amount")
    return payment
  }
}

export const getRequest = (choose: Choose, apiKey: string, ids: ReadonlyArray<string>): SendRequest => {
  const authorization = `Bearer ${apiKey}`
  return async (n) => {
    const id = ids[n % ids.length] ?? ""
    const response = await choose(n).request({ method: "GET", path: `/v1/payments/${id}`, headers: { authorization } })
    const payment = await readPayment(response, 200)
    if (payment.id !== id) throw new BadAnswer("other_payment")
    return payment
  }
}

/** A short name under which equal failures are counted together. */
export const errorKind = (error: unknown): string => {
  if (error instanceof BadAnswer) return error.message
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error)
}

class BadAnswer extends Error {}

/** Turned away before anything was done: its caller is unknown, sends too much, or nobody can serve it now. */
export class Refused extends BadAnswer {}

const refusals: ReadonlySet<number> = new Set([401, 429, 503])

const readPayment = async ({ statusCode, body }: Dispatcher.ResponseData, wanted: number) => {
  const text = await body.text()
  if (statusCode !== wanted) {
    // The code of a problem answer tells two refusals of one status apart.
    const code = /"code":\s*"([a-z_]+)"/.exec(text)?.[1]
    const kind = code === undefined ? `http_${statusCode}` : `http_${statusCode}_${code}`
    throw refusals.has(statusCode) ? new Refused(kind) : new BadAnswer(kind)
  }
  const json: unknown = JSON.parse(text)
  if (typeof json === "object" && json !== null && "id" in json && "status" in json && "amount_captured" in json) {
    const { id, status, amount_captured: cents } = json
    if (typeof id === "string" && typeof status === "string" && typeof cents === "number") return { id, status, cents }
  }
  throw new BadAnswer("not_a_payment")
}
