import { randomUUID } from "node:crypto"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { PaymentIds } from "../../src/domain/Ids.ts"
import { paymentExample } from "../../src/payments/PaymentExample.ts"
import { openInProcess } from "./InProcess.ts"
import type { Subject } from "./Subject.ts"
import { usualSale } from "./UsualSale.ts"

type Handler = (request: Request) => Promise<Response>

const id = PaymentIds.fromUuid("01a2042c-fd7c-766c-972a-9e5d917959a1")
const sale = JSON.stringify(usualSale)
const authorization = `Bearer sk_test_${"A".repeat(43)}`

const postSale = (more: Readonly<Record<string, string>> = {}): Request =>
  new Request("http://service.test/v1/payments", {
    method: "POST",
    headers: { authorization, "content-type": "application/json", "idempotency-key": randomUUID(), ...more },
    body: sale
  })

/** Of a trace that its caller keeps; in production one of ten is, and nothing else has spans. */
const postTraced = (): Request => postSale({ traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" })

const getPayment = (): Request => new Request(`http://service.test/v1/payments/${id}`, { headers: { authorization } })

const asking = (name: string, handler: Handler, request: () => Request, status: number): Subject => ({
  name,
  run: async () => {
    const answer = await handler(request())
    const text = await answer.text()
    if (answer.status === status) return text
    throw new Error(`${name}: ${answer.status} ${text}. If a statement has changed, Rows.ts has to know it.`)
  }
})

/** What a request costs for which nothing is done: the handler's own part in the figures of the others. */
const emptyRoute = HttpRouter.toWebHandler(
  HttpRouter.add("POST", "/v1/payments", HttpServerResponse.jsonUnsafe(paymentExample, { status: 201 })),
  { disableLogger: true }
)

/** Whole requests, through all that the service puts between its socket and its database. */
export const openRequests = () => {
  const service = openInProcess()
  const subjects: ReadonlyArray<Subject> = [
    asking("empty route", emptyRoute.handler, postSale, 201),
    asking("POST /v1/payments", service.handler, postSale, 201),
    asking("POST /v1/payments, traced", service.handler, postTraced, 201),
    asking("GET /v1/payments/:id", service.handler, getPayment, 200)
  ]
  return { subjects, dispose: async () => void (await Promise.all([service.dispose(), emptyRoute.dispose()])) }
}
