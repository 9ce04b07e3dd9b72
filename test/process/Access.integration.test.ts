import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { sendRequest } from "../support/HttpRequest.ts"
import { readDemo, sell } from "./Shop.ts"
import { Stand } from "./Stand.ts"

layer(Stand.layer, { excludeTestServices: true })("of two processes on one database, one", (it) => {
  it.effect(
    "refuses within a second what the other has been told to refuse",
    () =>
      Effect.gen(function* () {
        const { directory, sql, start } = yield* Stand
        const [first, second] = [yield* start(), yield* start()]
        const key = readDemo(directory).operator_key
        const operate = (path: string, json?: object) =>
          Effect.map(sendRequest(first.opsUrl, { path: `/v1${path}`, key, json }), (answer) => {
            assert.isBelow(answer.status, 300, answer.text)
            return answer.json
          })
        const read = (secret: string) =>
          Effect.map(sendRequest(second.access.url, { path: "/v1/payments", key: secret }), ({ status }) => status)
        const [{ id: merchant_id }] = (yield* operate("/merchants")).data

        for (const revoke of [
          (id: string) => operate(`/api-keys/${id}/revoke`, {}),
          // By hand, past every process.
          () => sql`UPDATE api_keys SET revoked_at = now() WHERE name = 'Doomed'`
        ]) {
          const asked = { merchant_id, environment: "test", name: "Doomed", scopes: ["payments:read"] }
          const { id, secret } = yield* operate("/api-keys", asked)
          // The second time from memory, where it would stay for a minute.
          assert.deepStrictEqual([yield* read(secret), yield* read(secret)], [200, 200])
          yield* revoke(id)
          const start = performance.now()
          yield* Effect.repeat(read(secret), { until: (status) => status === 401 })
          assert.isBelow(performance.now() - start, 1_000)
        }

        // What moves money asks the database, so there is nothing to wait for.
        yield* operate(`/merchants/${merchant_id}/suspend`, {})
        assert.strictEqual((yield* sell(second.access, { key: "suspended", amount: 500 })).status, 403)
      }),
    60_000
  )
})
