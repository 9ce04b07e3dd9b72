import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { resolve } from "../../../src/cli/doctor/HostName.ts"
import { eventually, processesOf } from "../../local/Workplace.ts"

describe("the name of a host", () => {
  it.live("is resolved, or said to lead nowhere", () =>
    Effect.gen(function* () {
      yield* resolve("localhost")
      yield* resolve("127.0.0.1")
      const error = yield* Effect.flip(resolve("nowhere.invalid"))
      assert.match(error.message, /^its name cannot be resolved \(E[A-Z_]+\)$/)
    })
  )

  it.live("is given up when name servers are silent, and nothing goes on looking", () =>
    Effect.gen(function* () {
      const endless = "setInterval(() => {}, 1_000) // looks-for-a-name"
      const looked = yield* Effect.timeoutOption(resolve("db.invalid", endless), "300 millis")
      assert.isTrue(Option.isNone(looked))
      yield* eventually(() => processesOf("looks-for-a-name").length === 0)
    })
  )
})
