import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { HttpApi } from "effect/http-api"
import { Api } from "../../src/Api.ts"
import { OperatorApi } from "../../src/OperatorApi.ts"
import type { HttpAnswer, HttpRequest } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"
import { leavesNoTrace, problemOf } from "./Problems.ts"

const path = "/v1/payments"
const json = { "content-type": "application/json" }

const payment = (bric: string) => JSON.stringify({ amount: 1999, currency: "USD", source: { bric } })

/** A `POST /v1/payments` that is right but for what is given. */
const posted = Effect.fnUntraced(function* (change: Partial<HttpRequest>) {
  const { merchant, request, simulator } = yield* TestService
  const headers = { "idempotency-key": crypto.randomUUID(), ...json, ...change.headers }
  const body = payment(simulator.brics.visa)
  return yield* request({ method: "POST", path, key: merchant.keys.all, body, ...change, headers })
})

const security: ReadonlyArray<readonly [header: string, value: string | RegExp]> = [
  ["cache-control", "no-store"],
  ["content-security-policy", /^default-src 'none'; /],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["strict-transport-security", /^max-age=\d{8,}/],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["x-request-id", /^req_[0-9a-z]{26}$/]
]

layer(TestService.layer)("every answer", (it) => {
  it.effect("carries the security headers and an id, whatever went wrong and on either port", () =>
    Effect.gen(function* () {
      const { charge, merchant, operatorKey, request, requestOps, simulator } = yield* TestService
      const key = merchant.keys.all
      const answers: ReadonlyArray<readonly [number, HttpAnswer]> = [
        [200, yield* request({ path, key })],
        [200, yield* request({ path: "/health/live" })],
        [200, yield* request({ path: "/openapi.json" })],
        [200, yield* request({ path: "/docs" })],
        [200, yield* requestOps({ path: "/metrics" })],
        [200, yield* requestOps({ path: "/openapi.json" })],
        [200, yield* requestOps({ path: "/v1/merchants", key: operatorKey })],
        [201, yield* charge()],
        [400, yield* request({ path: `${path}?limit=0`, key })],
        [400, yield* posted({ body: "{" })],
        [401, yield* request({ path })],
        [401, yield* requestOps({ path: "/v1/merchants" })],
        [403, yield* charge({}, { key: merchant.keys.read })],
        [404, yield* request({ path: "/nothing" })],
        [404, yield* requestOps({ path: "/nothing" })],
        [404, yield* request({ path: `${path}/pay_1`, key })],
        [405, yield* request({ method: "DELETE", path, key })],
        [413, yield* posted({ body: payment("x".repeat(70_000)) })],
        [415, yield* posted({ headers: { "content-type": "text/plain" } })],
        [422, yield* charge({ amount: 0 })],
        [422, yield* request({ path: `/${simulator.brics.visa}/4111111111111111` })]
      ]
      for (const [status, answer] of answers) {
        assert.strictEqual(answer.status, status, answer.text.slice(0, 300))
        for (const [header, expected] of security) {
          const value = answer.headers[header]
          if (typeof expected === "string") assert.strictEqual(value, expected, `${status} ${header}`)
          else assert.match(String(value), expected, `${status} ${header}`)
        }
        for (const header of ["server", "x-powered-by"]) assert.notProperty(answer.headers, header)
        if (status >= 400) problemOf(answer)
      }
    })
  )

  it.effect("says how to authenticate when it is 401, whatever was sent instead of a key", () =>
    Effect.gen(function* () {
      const { merchant, request } = yield* TestService
      const key = merchant.keys.all
      const basic = Buffer.from(`${key}:`).toString("base64")
      for (const authorization of [
        "",
        "Bearer",
        "Bearer ",
        key,
        `Basic ${basic}`,
        `Bearer ${key} x`,
        `Bearer  ${key}x`
      ]) {
        const answer = yield* request({ path, headers: { authorization } })
        assert.deepStrictEqual(problemOf(answer), [401, "invalid_api_key"], authorization)
        assert.strictEqual(answer.headers["www-authenticate"], "Bearer")
        assert.notInclude(answer.text, key)
      }
      assert.strictEqual((yield* request({ path, headers: { authorization: `bearer ${key}` } })).status, 200)
    })
  )

  it.effect("keeps the caller's X-Request-Id where it may be logged, and replaces it where not", () =>
    Effect.gen(function* () {
      const { request } = yield* TestService
      const idOf = (id: string) =>
        Effect.map(request({ path: "/nothing", headers: { "x-request-id": id } }), (answer) => {
          problemOf(answer)
          return answer.headers["x-request-id"]
        })
      for (const id of ["a", "2f1c-0.9:A_b", "x".repeat(128)]) assert.strictEqual(yield* idOf(id), id)
      for (const id of ["", "x".repeat(129), "a b", 'a"b', "<b>", "a,b", "\u00e9", "4111111111111111"]) {
        assert.match(String(yield* idOf(id)), /^req_[0-9a-z]{26}$/, id)
      }
    })
  )
})

layer(TestService.layer)("a request", (it) => {
  it.effect("must hold JSON that can be read", () =>
    Effect.gen(function* () {
      for (const body of ["{", "{]", "{'amount':1}", '{"amount":1,}', "\u0000", "amount=1", '"\ud800', "NaN"]) {
        assert.deepStrictEqual(problemOf(yield* leavesNoTrace(posted({ body }))), [400, "invalid_json"], body)
      }
      const bytes = yield* leavesNoTrace(posted({ body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }))
      assert.deepStrictEqual(problemOf(bytes), [400, "invalid_json"])
    })
  )

  it.effect("must hold an object", () =>
    Effect.gen(function* () {
      for (const body of ["null", "[]", "1", '"x"', "true", "[[]]"]) {
        assert.deepStrictEqual(problemOf(yield* leavesNoTrace(posted({ body }))), [422, "validation_failed", ""], body)
      }
    })
  )

  it.effect("must not be empty", () =>
    Effect.gen(function* () {
      const { merchant, request } = yield* TestService
      const expected = [422, "validation_failed", ""] as const
      assert.deepStrictEqual(problemOf(yield* leavesNoTrace(posted({ body: "" }))), expected)
      const bare = { "idempotency-key": "empty", "content-length": "0" }
      const answer = yield* leavesNoTrace(request({ method: "POST", path, key: merchant.keys.all, headers: bare }))
      assert.deepStrictEqual(problemOf(answer), expected)
    })
  )

  it.effect("must be JSON by its content type too", () =>
    Effect.gen(function* () {
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "multipart/form-data",
        "x"
      ]) {
        const answer = yield* leavesNoTrace(posted({ headers: { "content-type": type } }))
        assert.deepStrictEqual(problemOf(answer), [415, "unsupported_media_type"], type)
      }
      for (const type of ["application/json", "application/json;charset=UTF-8", "APPLICATION/JSON"]) {
        assert.strictEqual((yield* posted({ headers: { "content-type": type } })).status, 201, type)
      }
    })
  )

  it.effect("must not be larger than 64 KiB, whether it says its length or not", () =>
    Effect.gen(function* () {
      const { simulator } = yield* TestService
      const body = payment(simulator.brics.visa)
      const of = (length: number) => body + " ".repeat(length - body.length)
      assert.strictEqual((yield* posted({ body: of(65_536) })).status, 201)
      for (const headers of [{}, { "content-length": "65537" }, { "transfer-encoding": "chunked" }]) {
        const answer = yield* leavesNoTrace(posted({ body: of(65_537), headers }))
        assert.deepStrictEqual(problemOf(answer), [413, "body_too_large"])
      }
    })
  )

  it.effect("must go to an address that exists", () =>
    Effect.gen(function* () {
      const { merchant, operatorKey, request, requestOps } = yield* TestService
      const key = merchant.keys.all
      for (const unknown of ["/", "/v1", "/v1/payment", "/v1/merchants", "/metrics", "/v1/payments/a/b"]) {
        assert.deepStrictEqual(problemOf(yield* request({ path: unknown, key })), [404, "not_found"], unknown)
      }
      for (const unknown of ["/v1/payments", "/docs/x", "/v1/merchants/a/b/c"]) {
        const answer = yield* requestOps({ path: unknown, key: operatorKey })
        assert.deepStrictEqual(problemOf(answer), [404, "not_found"], unknown)
      }
      assert.deepStrictEqual(problemOf(yield* request({ path: "/%zz", key })), [404, "not_found"])
      assert.isBelow(problemOf(yield* request({ path: `${path}/%zz`, key }))[0], 500)
    })
  )

  it.effect("must use a method of its address, which 405 names", () =>
    Effect.gen(function* () {
      const { merchant, operatorKey, request, requestOps } = yield* TestService
      const wrong = Effect.fnUntraced(function* (
        send: typeof request,
        key: string,
        api: typeof Api | typeof OperatorApi
      ) {
        const methods = new Map<string, Array<string>>()
        HttpApi.reflect(api as typeof Api, {
          onGroup: () => {},
          onEndpoint: ({ endpoint }) =>
            methods.set(endpoint.path, [...(methods.get(endpoint.path) ?? []), endpoint.method])
        })
        assert.isNotEmpty([...methods])
        for (const [template, allowed] of methods) {
          for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
            if (allowed.includes(method)) continue
            const answer = yield* leavesNoTrace(send({ method, path: template.replaceAll(/:\w+/g, "x"), key }))
            assert.deepStrictEqual(problemOf(answer), [405, "method_not_allowed"], `${method} ${template}`)
            const named = (answer.headers.allow ?? "").split(", ")
            assert.sameMembers(named, allowed.includes("GET") ? ["HEAD", ...allowed] : allowed)
          }
        }
      })
      yield* wrong(request, merchant.keys.all, Api)
      yield* wrong(requestOps, operatorKey, OperatorApi)
    })
  )

  it.effect("with HEAD is answered like GET, without a body", () =>
    Effect.gen(function* () {
      const { charge, merchant, request } = yield* TestService
      const key = merchant.keys.read
      const made = yield* charge()
      for (const [address, status] of [
        [path, 200],
        [`${path}/${made.json.id}`, 200],
        [`${path}/pay_1`, 404],
        ["/health/live", 200],
        ["/docs", 200],
        ["/nothing", 404]
      ] as const) {
        const get = yield* request({ path: address, key, headers: { "x-request-id": "same" } })
        const head = yield* request({ method: "HEAD", path: address, key, headers: { "x-request-id": "same" } })
        assert.deepStrictEqual([head.status, head.text], [status, ""], address)
        const { connection: _, date: __, ratelimit: _get, ...expected } = get.headers
        const { connection: ___, date: ____, ratelimit: _head, ...headers } = head.headers
        assert.deepStrictEqual(headers, expected, address)
      }
      assert.deepStrictEqual((yield* request({ method: "HEAD", path })).status, 401)
    })
  )

  it.effect("may hold parameters only that are declared", () =>
    Effect.gen(function* () {
      const { merchant, request } = yield* TestService
      const answer = yield* request({ path: `${path}?page=2&expand=all`, key: merchant.keys.all })
      assert.deepStrictEqual(problemOf(answer), [400, "invalid_parameter", "/query/expand", "/query/page"])
    })
  )
})
