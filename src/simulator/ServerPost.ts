import type { IncomingMessage, ServerResponse } from "node:http"
import { Effect } from "effect"
import { Delivery, type DeliveryOptions } from "./Delivery.ts"
import type { Exchange, Gateway } from "./Gateway.ts"
import { parseForm } from "./Request.ts"

/** What the handler needs of the outside. */
export interface ServerPostOptions extends DeliveryOptions {
  readonly gateway: Gateway
  /** Added to every answer. */
  readonly latencyMs: number
  readonly monotonicMs: () => number
}

const bodyLimit = 64 * 1024

const refuse = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { "Content-Type": "text/plain", "Content-Length": body.length, Connection: "close" })
  response.end(body)
}

/** Listens to `POST /` as EPX does: a form in, XML out, the connection closed after the answer. */
export const makeServerPost = (options: ServerPostOptions) => {
  const { gateway, latencyMs, run, monotonicMs } = options
  const delivery = new Delivery(options)

  const ended =
    ({ transaction, log, told }: Exchange, startedAt: number) =>
    (): void => {
      if (transaction !== undefined) transaction.told = told
      if (log !== undefined) log.durationMs = monotonicMs() - startedAt
    }

  const receive = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const startedAt = monotonicMs()
    const exchange = gateway.receive(parseForm(body))
    const deliver = () => delivery.deliver(request, response, exchange, ended(exchange, startedAt))
    const delayMs = latencyMs + (exchange.wire.kind === "answer" ? (exchange.wire.delayMs ?? 0) : 0)
    if (delayMs === 0) deliver()
    else run(Effect.delay(Effect.sync(deliver), delayMs))
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    // A date from the real clock would make equal answers differ.
    response.sendDate = false
    if (delivery.isStale(request.socket)) {
      request.socket.destroy()
      return
    }
    if (request.url !== "/") return refuse(response, 404, "not found")
    if (request.method !== "POST") return refuse(response, 405, "method not allowed")
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => {
      body += chunk
      if (body.length > bodyLimit) request.destroy()
    })
    request.on("end", () => receive(request, response, body))
  }
}
