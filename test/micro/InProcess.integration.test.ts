import { randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { fieldsOf } from "../../src/epx/Fields.ts"
import { Form } from "../../src/epx/Form.ts"
import { TestService } from "../support/TestService.ts"
import { approval } from "./Approval.ts"
import { openInProcess } from "./InProcess.ts"
import { epxRequest, usualSale } from "./UsualSale.ts"

const opened = Effect.acquireRelease(Effect.sync(openInProcess), ({ dispose }) => Effect.promise(dispose))

const headersOf = (key: string) => ({ authorization: `Bearer ${key}`, "idempotency-key": randomUUID() })

const inProcess = Effect.fnUntraced(function* (path: string, init: RequestInit) {
  const { handler } = yield* opened
  return yield* Effect.promise(async () => {
    const answer = await handler(new Request(`http://service.test${path}`, init))
    return { status: answer.status, headers: Object.fromEntries(answer.headers), json: await answer.json() }
  })
})

/** Without what two answers to the same request may differ in. */
const lasting = ({ headers, json, status }: { readonly headers: object; readonly json: unknown; status: number }) => {
  const {
    connection: _,
    date: _date,
    "keep-alive": _alive,
    ratelimit: _left,
    "ratelimit-policy": _limit,
    ...rest
  } = Object(headers)
  const text = JSON.stringify({ status, headers: rest, json })
  const shape = text
    .replace(/\b(pay|txn|req)_[0-9a-z]{26}\b/g, "$1")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "time")
    .replace(/"authorization_code":"\w{6}"/g, '"authorization_code":"code"')
  return JSON.parse(shape)
}

const fieldsIn = (xml: string) =>
  Object.fromEntries([...xml.matchAll(/KEY="(\w+)">([^<]*)</g)].map(([, k, v]) => [k, v]))

/** Chosen by EPX for each answer. */
const own = /^(LOCAL_|AUTH_GUID|AUTH_CODE|AUTH_RESP_TEXT|AUTH_TRAN_|AUTH_PAR)/

layer(TestService.layer)("The service in process", (it) => {
  it.effect("answers a sale, and who reads it, as the service does with a database and a gateway", () =>
    Effect.gen(function* () {
      const { merchant, request } = yield* TestService
      const key = merchant.keys.all
      const real = yield* request({ path: "/v1/payments", key, headers: headersOf(key), json: usualSale })
      const headers = { ...headersOf(key), "content-type": "application/json" }
      const init = { method: "POST", headers, body: JSON.stringify(usualSale) }
      assert.strictEqual(real.status, 201)
      assert.deepStrictEqual(lasting(yield* inProcess("/v1/payments", init)), lasting(real))

      const path = `/v1/payments/${real.json.id}`
      const read = yield* request({ path, key })
      assert.strictEqual(read.json.id, real.json.id)
      assert.deepStrictEqual(lasting(yield* inProcess(path, { headers })), lasting(read))
    })
  )

  it.effect("hears from EPX what the simulator says", () =>
    Effect.gen(function* () {
      const { simulator } = yield* TestService
      const form = Schema.encodeSync(Form)(fieldsOf(epxRequest))
      const body = new URLSearchParams(form)
      const real = fieldsIn(
        yield* Effect.promise(async () => (await fetch(simulator.url, { method: "POST", body })).text())
      )
      const ours = fieldsIn(approval(body))
      assert.deepStrictEqual(Object.keys(ours), Object.keys(real))
      for (const [name, value] of Object.entries(real)) {
        if (!own.test(name)) assert.strictEqual(ours[name], value, name)
      }
    })
  )
})
