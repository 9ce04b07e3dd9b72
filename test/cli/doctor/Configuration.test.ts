import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { judgeConfiguration } from "../../../src/cli/doctor/Configuration.ts"
import { examined } from "./Examined.ts"

const judged = (env: Readonly<Record<string, string>>) =>
  Effect.map(examined(env), ({ problems, settings }) =>
    judgeConfiguration(settings, problems).map(({ found, status }) => `${status}: ${found}`)
  )

const fine = "ok: APP_ENV is development, and every variable can be used."

describe("the configuration", () => {
  it.effect("is fine as it is by default", () =>
    Effect.map(judged({}), (found) => assert.deepStrictEqual(found, [fine]))
  )

  it.effect("is told of all that is wrong with it, and what can be read is looked at all the same", () =>
    Effect.map(judged({ PORT: "abc", FINGERPRINT_KEY: "hunter2", EPX_TEST_URL: "https://epx.invalid" }), (found) => {
      assert.deepStrictEqual(found, [
        "failed: PORT: expected a number.",
        "failed: FINGERPRINT_KEY: must be 32 bytes in base64.",
        "warning: EPX_TEST_LOOKUP_URL is not set, so nothing is looked up there."
      ])
    })
  )

  it.effect("fails with one port for both listeners", () =>
    Effect.gen(function* () {
      const same = { PORT: "8080", OPS_PORT: "8080" }
      assert.deepStrictEqual(yield* judged(same), [fine, "failed: PORT and OPS_PORT are both 8080."])
      assert.deepStrictEqual(yield* judged({ ...same, OPS_HOST: "10.0.0.1" }), [fine])
    })
  )

  it.effect("is doubted where test and live payments go to one place", () =>
    Effect.gen(function* () {
      const lookUps = { EPX_TEST_LOOKUP_URL: "https://a.invalid", EPX_LIVE_LOOKUP_URL: "https://b.invalid" }
      const urls = { EPX_TEST_URL: "https://epx.invalid/test", EPX_LIVE_URL: "https://epx.invalid/live" }
      const doubt = "warning: EPX_TEST_URL and EPX_LIVE_URL both lead to epx.invalid."
      assert.deepStrictEqual(yield* judged({ ...urls, ...lookUps }), [fine, doubt])
      assert.deepStrictEqual(yield* judged({ ...urls, ...lookUps, EPX_TEST_URL: "https://other.invalid" }), [fine])
    })
  )
})
