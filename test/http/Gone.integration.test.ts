import { randomUUID } from "node:crypto"
import { request as open } from "node:http"
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import type { HttpAnswer } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"

/** Sends a request on a connection of its own and closes that as soon as all of it has been written. */
const sendAndGo = (origin: string, path: string, key: string, json: object) =>
  Effect.callback<void>((resume) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const request = open(origin, { path, method: "POST", agent: false, headers })
    request.on("error", () => {})
    request.end(JSON.stringify(json), () => {
      request.destroy()
      resume(Effect.void)
    })
  })

const becomes = (status: string, read: Effect.Effect<HttpAnswer>) =>
  Effect.map(read, ({ json }) => assert.strictEqual(json.status, status)).pipe(
    Effect.sandbox,
    Effect.retry(Schedule.spaced("20 millis").pipe(Schedule.upTo({ times: 250 })))
  )

layer(TestService.layer, { excludeTestServices: true })("a client that goes away", (it) => {
  it.effect("has its request cancelled by key all the same", () =>
    Effect.gen(function* () {
      const { charge, merchant, request, urls } = yield* TestService
      for (let n = 0; n < 5; n++) {
        const key = randomUUID()
        const { json } = yield* charge({}, { idempotencyKey: key })
        yield* sendAndGo(urls.api, "/v1/payments/cancel-by-key", merchant.keys.all, { idempotency_key: key })
        yield* becomes("voided", request({ path: `/v1/payments/${json.id}`, key: merchant.keys.all }))
      }
    })
  )

  it.effect("has a merchant suspended all the same", () =>
    Effect.gen(function* () {
      const { makeMerchant, operatorKey, requestOps, urls } = yield* TestService
      const { id } = yield* makeMerchant()
      yield* sendAndGo(urls.ops, `/v1/merchants/${id}/suspend`, operatorKey, {})
      yield* becomes("suspended", requestOps({ path: `/v1/merchants/${id}`, key: operatorKey }))
    })
  )
})
