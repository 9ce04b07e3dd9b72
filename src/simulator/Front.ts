import type { IncomingMessage, ServerResponse } from "node:http"
import { Effect } from "effect"
import { Delivery, type DeliveryOptions } from "./Delivery.ts"
import type { Exchange, Gateway } from "./Gateway.ts"
import { type LookUp, type LookUps, lookUpPrefix } from "./lookups/LookUps.ts"
import { parseForm } from "./Request.ts"

/** What the handler needs of the outside. */
export interface FrontOptions extends DeliveryOptions {
  readonly gateway: Gateway
  readonly lookUps: LookUps
  /** Added to every answer. */
  readonly latencyMs: number
  readonly monotonicMs: () => number
}

const bodyLimit = 64 * 1024

const refuse = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { "Content-Type": "text/plain", "Content-Length": body.length, Connection: "close" })
  response.end(body)
}

const headerOf = ({ headers }: IncomingMessage, name: string): string => {
  const value = headers[name]
  return typeof value === "string" ? value : ""
}

const isLookUp = (url: string): boolean => url.startsWith(`${lookUpPrefix}/`)

const asSending = ({ xml, wire, closesConnection }: Exchange): LookUp["sending"] => ({
  status: 200,
  contentType: "text/xml",
  body: xml,
  wire,
  closesConnection
})

/**
 * Listens as EPX does: `POST /` takes a form and gives XML, and the connection closes after the answer. Look-ups, which
 * EPX serves on a host of their own, have a prefix here.
 */
export const makeFront = (options: FrontOptions) => {
  const { gateway, lookUps, latencyMs, run, monotonicMs } = options
  const delivery = new Delivery(options)

  const post = (body: string): LookUp => {
    const exchange = gateway.receive(parseForm(body))
    const { transaction, log, told } = exchange
    return {
      sending: asSending(exchange),
      onSent: (durationMs) => {
        if (transaction !== undefined) transaction.told = told
        if (log !== undefined) log.durationMs = durationMs
      }
    }
  }

  const lookUp = (request: IncomingMessage, body: string): LookUp =>
    lookUps.receive({
      method: request.method ?? "",
      target: (request.url ?? "").slice(lookUpPrefix.length),
      id: headerOf(request, "epi-id"),
      signature: headerOf(request, "epi-signature"),
      body
    })

  const receive = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const startedAt = monotonicMs()
    const { sending, onSent } = isLookUp(request.url ?? "") ? lookUp(request, body) : post(body)
    const deliver = () => delivery.deliver(request, response, sending, () => onSent(monotonicMs() - startedAt))
    const delayMs = latencyMs + (sending.wire.kind === "answer" ? (sending.wire.delayMs ?? 0) : 0)
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
    if (!isLookUp(request.url ?? "")) {
      if (request.url !== "/") return refuse(response, 404, "not found")
      if (request.method !== "POST") return refuse(response, 405, "method not allowed")
    }
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => {
      body += chunk
      if (body.length > bodyLimit) request.destroy()
    })
    request.on("end", () => receive(request, response, body))
  }
}
