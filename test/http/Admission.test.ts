import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Admission } from "../../src/http/Admission.ts"

describe("Admission", () => {
  it.effect("closes while a queue is old for long, and opens again when it is young", () =>
    Effect.gen(function* () {
      const { enter, leave, watch } = yield* Admission
      for (let n = 0; n < 400; n++) assert.isTrue(yield* enter)
      yield* watch(Effect.succeed(26))
      yield* TestClock.adjust("75 millis")
      assert.isTrue(yield* enter)
      yield* TestClock.adjust("25 millis")
      assert.isFalse(yield* enter)
      yield* leave
      assert.isTrue(yield* enter)
      yield* watch(Effect.succeed(0))
      for (let n = 0; n < 350; n++) yield* leave
      yield* TestClock.adjust("25 millis")
      for (let n = 0; n < 1_000; n++) assert.isTrue(yield* enter)
    }).pipe(Effect.provide(Admission.layer))
  )
})
