import { randomUUID } from "node:crypto"
import { connect } from "node:net"
import { Effect, Schema } from "effect"
import { Pool } from "undici"
import type { Counts } from "../chaos/Counts.ts"

const Body = Schema.Struct({ id: Schema.optionalKey(Schema.String) })
const decodeBody = Schema.decodeUnknownSync(Schema.fromJsonString(Body))

/** Where clients go, and what they have been told. */
export interface Shop {
  readonly url: string
  readonly apiKey: string
  readonly answers: Counts
  /** Payments that a client was told of in an answer without an error. */
  readonly told: Set<string>
}

export interface Asked {
  readonly path: string
  /** `GET` without one. A text is sent as it is. */
  readonly body?: object | string
  readonly idempotencyKey?: string
  readonly apiKey?: string
  /** Whether the connection is of no use after it. */
  readonly closes?: boolean
}

/** Connections of one wave of clients; they close with it. */
export const openConnections = ({ url }: Shop) =>
  Effect.acquireRelease(
    Effect.sync(() => new Pool(url, { connections: 256 })),
    (pool) => Effect.promise(() => pool.destroy())
  )

/** One request; undefined: no answer came, or none that says what became of it. */
const once = (shop: Shop, pool: Pool, { apiKey = shop.apiKey, body, closes, idempotencyKey, path }: Asked) =>
  Effect.tryPromise(async (signal) => {
    const response = await pool.request({
      path,
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${apiKey}`,
        "content-type": "application/json",
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey })
      },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
      reset: closes === true,
      signal
    })
    return { status: response.statusCode, id: decodeBody(await response.body.text()).id }
  }).pipe(
    Effect.timeout("20 seconds"),
    Effect.orElseSucceed(() => undefined),
    Effect.map((answer) => {
      shop.answers.add(answer === undefined ? "no answer" : String(answer.status))
      return answer === undefined || answer.status >= 500 || answer.status === 429 ? undefined : answer
    })
  )

/** Repeated with its key while nothing is known, as a client is to do. */
export const ask = Effect.fnUntraced(function* (shop: Shop, pool: Pool, asked: Asked) {
  for (let attempt = 0; attempt < 5; attempt++) {
    const answer = yield* once(shop, pool, asked)
    if (answer !== undefined) {
      if (answer.status < 300 && answer.id?.startsWith("pay_")) shop.told.add(answer.id)
      return answer
    }
    yield* Effect.sleep(500 * (attempt + 1))
  }
  shop.answers.add(unanswered)
  return undefined
})

/** What is counted where nothing is known after all repetitions. */
export const unanswered = "never answered"

/** Goes away so soon that mostly no answer can have come. */
export const leave = (shop: Shop, pool: Pool, asked: Asked, after_ms: number) =>
  Effect.timeoutOption(once(shop, pool, asked), after_ms)

/** Goes away in the middle of its request. */
export const breakOff = ({ apiKey, url }: Shop) =>
  Effect.callback<void>((resume) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.void))
    socket.write(
      `POST /v1/payments HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${apiKey}\r\n` +
        `idempotency-key: ${randomUUID()}\r\ncontent-type: application/json\r\ncontent-length: 200\r\n\r\n{"amount":19`,
      () => socket.destroy()
    )
    return Effect.sync(() => socket.destroy())
  })
