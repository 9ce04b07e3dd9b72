import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestService } from "../support/TestService.ts"
import { chromium, visit } from "./Browser.ts"
import { documents, routes } from "./Routes.ts"

const operations = routes.filter(({ api }) => api === "api").map(({ operation }) => operation)

// Made by the browser for itself, whatever the page.
const ownRequests =
  /^https?:\/\/(?:(?:clients2|accounts)\.google|(?:update|content-autofill|optimizationguide-pa)\.googleapis|redirector\.gvt1)\.com\//

layer(TestService.layer)("/openapi.json", (it) => {
  it.effect("is served on both ports as it is checked in", () =>
    Effect.gen(function* () {
      const { request, requestOps } = yield* TestService
      assert.deepStrictEqual(
        (yield* request({ path: "/openapi.json" })).json,
        JSON.parse(JSON.stringify(documents.api))
      )
      const ops = yield* requestOps({ path: "/openapi.json" })
      assert.deepStrictEqual(ops.json, JSON.parse(JSON.stringify(documents.operator)))
    })
  )
})

describe.skipIf(chromium === undefined)("in a browser", () => {
  layer(TestService.layer)("/docs", (it) => {
    it.effect(
      "shows every operation with its examples, and asks for nothing but itself",
      () =>
        Effect.gen(function* () {
          const { urls } = yield* TestService
          const { console, dom, requested } = yield* visit(`${urls.api}/docs`)
          // The page holds its own source, which names everything too: only what the browser made of it counts.
          const shown = dom
            .replaceAll(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, "")
            .replaceAll(/<[^>]+>/g, "")
          assert.isAtLeast(operations.length, 3)
          for (const { summary } of operations) assert.include(shown, summary ?? "?")
          for (const words of [
            "pay_01m82",
            "Authorization: Bearer",
            "idempotency-key: order-1001",
            "payment_not_found"
          ]) {
            assert.include(shown, words)
          }
          for (const line of console) assert.notMatch(line, /refused|violat|policy|error|failed|blocked/i)
          assert.include(console.join(), "@scalar/api-reference")
          assert.include(requested, `${urls.api}/docs`)
          const foreign = requested.filter((url) => !url.startsWith(`${urls.api}/`) && !ownRequests.test(url))
          assert.deepStrictEqual(foreign, [])
        }),
      60_000
    )
  })
})
