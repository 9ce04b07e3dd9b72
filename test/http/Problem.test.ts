import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { problem } from "../../src/http/Problem.ts"

class TeapotIsShort extends Schema.TaggedError<TeapotIsShort>()(
  "TeapotIsShort",
  { height: Schema.Int },
  { httpApiStatus: 418 }
) {
  override get message() {
    return `It is ${this.height} cm high.`
  }
}

describe("problem", () => {
  it.effect("carries the standard members, the code and the error's own fields", () =>
    Effect.gen(function* () {
      const encoded = yield* Schema.encodeEffect(problem(TeapotIsShort))(new TeapotIsShort({ height: 12 }))
      assert.deepStrictEqual(encoded, {
        type: "urn:payment-service:problem:teapot_is_short",
        title: "Teapot is short",
        status: 418,
        code: "teapot_is_short",
        detail: "It is 12 cm high.",
        height: 12
      })
      const decoded = yield* Schema.decodeUnknownEffect(problem(TeapotIsShort))(encoded)
      assert.instanceOf(decoded, TeapotIsShort)
      assert.strictEqual(decoded.height, 12)
    })
  )
})
