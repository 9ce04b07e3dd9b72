import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import { ApiKeyIds, MerchantIds } from "../../src/domain/Ids.ts"
import { Authentication, Credential, Operator, OperatorAuthentication } from "../../src/http/Authentication.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { AuthenticationLayer, OperatorAuthenticationLayer } from "../../src/merchants/Authentication.ts"
import type { KeyCredential } from "../../src/merchants/KeyCredential.ts"

const who = (path: "/merchant" | "/operator") => HttpApiEndpoint.get("who", path, { success: Schema.String })

const Api = HttpApi.make("test").add(
  HttpApiGroup.make("merchant").add(who("/merchant")).middleware(Authentication),
  HttpApiGroup.make("operator").add(who("/operator")).middleware(OperatorAuthentication)
)

const Handlers = Layer.mergeAll(
  HttpApiBuilder.group(Api, "merchant", (handlers) =>
    handlers.handle("who", () => Effect.map(Credential, ({ keyId, merchantId }) => `${keyId} ${merchantId}`))
  ),
  HttpApiBuilder.group(Api, "operator", (handlers) =>
    handlers.handle("who", () => Effect.map(Operator, ({ keyId }) => keyId))
  )
)

const keyId = ApiKeyIds.fromUuid("01970000-0000-7000-8000-000000000001")
const merchantId = MerchantIds.fromUuid("01970000-0000-7000-8000-000000000002")

const holders: Readonly<Record<string, KeyCredential>> = {
  merchant: { _tag: "MerchantKey", keyId, merchantId, environment: "test", scopes: new Set() },
  test: { _tag: "OperatorKey", keyId, environment: "test" },
  live: { _tag: "OperatorKey", keyId, environment: "live" }
}

const Keys = Layer.mock(ApiKeys, {
  authenticate: (secret) =>
    Redacted.value(secret) === "down"
      ? Effect.fail(new DatabaseUnavailable({ reason: "checkout" }))
      : Effect.succeed(Option.fromNullishOr(holders[Redacted.value(secret)]))
})

const { handler } = HttpRouter.toWebHandler(
  HttpApiBuilder.layer(Api).pipe(
    Layer.provide(Handlers),
    Layer.provide([AuthenticationLayer, OperatorAuthenticationLayer("live")]),
    Layer.provide(Keys),
    Layer.provide(HttpServer.layerServices)
  ),
  { disableLogger: true }
)

const get = (path: string, authorization: string | undefined) =>
  Effect.promise(() =>
    handler(new Request(`http://test${path}`, { headers: authorization === undefined ? {} : { authorization } }))
  ).pipe(
    Effect.flatMap((response) =>
      Effect.map(
        Effect.promise(() => response.text()),
        (text) => ({ status: response.status, type: response.headers.get("content-type"), body: JSON.parse(text) })
      )
    )
  )

describe("Authentication", () => {
  it.effect("opens each API to its own kind of key, and the operator's to its environment", () =>
    Effect.gen(function* () {
      const opened = yield* Effect.forEach(
        [
          ["/merchant", "Bearer merchant"],
          ["/merchant", "bearer merchant"],
          ["/operator", "Bearer live"]
        ] as const,
        ([path, authorization]) => get(path, authorization)
      )
      assert.deepStrictEqual(
        opened.map(({ body, status }) => [status, body]),
        [
          [200, `${keyId} ${merchantId}`],
          [200, `${keyId} ${merchantId}`],
          [200, keyId]
        ]
      )
    })
  )

  it.effect("answers everything else alike", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.forEach(
        [
          ["/merchant", undefined],
          ["/merchant", ""],
          ["/merchant", "Bearer"],
          ["/merchant", "Bearer unknown"],
          ["/merchant", "Basic merchant"],
          ["/merchant", "merchant"],
          ["/merchant", "Bearer live"],
          ["/merchant", "Bearer test"],
          ["/operator", undefined],
          ["/operator", "Bearer merchant"],
          ["/operator", "Bearer test"]
        ] as const,
        ([path, authorization]) => get(path, authorization)
      )
      for (const { body, status, type } of refused) {
        assert.strictEqual(status, 401)
        assert.strictEqual(type, "application/problem+json")
        assert.strictEqual(body.code, "invalid_api_key")
        assert.deepStrictEqual(body, refused[0]?.body)
      }
    })
  )

  it.effect("says 503, and not that the key is wrong, when the key cannot be looked up", () =>
    Effect.gen(function* () {
      for (const path of ["/merchant", "/operator"]) {
        const { body, status, type } = yield* get(path, "Bearer down")
        assert.deepStrictEqual([status, type], [503, "application/problem+json"])
        assert.deepStrictEqual([body.code, body.reason], ["database_unavailable", "checkout"])
      }
    })
  )
})
