import { Effect, Schema } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { type GatewayBooks, ShownRequests, ShownTransactions } from "./GatewayBooks.ts"

/** The gateway's books could not be read. */
class GatewayUnreadable extends Schema.TaggedError<GatewayUnreadable>()("GatewayUnreadable", {
  url: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `The simulator's books could not be read at ${this.url}: ${String(this.cause)}`
  }
}

/** The simulator's books, from its control plane. */
export const readGateway = Effect.fn("ControlPlane.read")(function* (url: URL) {
  const client = yield* HttpClient.HttpClient
  const read = <S extends Schema.Codec<unknown, unknown>>(path: string, schema: S) =>
    client.get(new URL(`/__sim/${path}`, url)).pipe(
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      Effect.flatMap(HttpClientResponse.schemaBodyJson(schema)),
      // Its books are as long as it has been running.
      Effect.timeout("30 seconds"),
      Effect.mapError((cause) => new GatewayUnreadable({ url: url.origin, cause }))
    )
  // What was sent before what was done: a request in between is then at most one too few, never one too many.
  const { requests } = yield* read("requests", ShownRequests)
  const { transactions } = yield* read("transactions", ShownTransactions)
  const books: GatewayBooks = { requests, transactions }
  return books
})
