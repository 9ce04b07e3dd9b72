import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { identifiedBy, requestId, requestIdFrom } from "../../src/http/RequestId.ts"

const generated = /^req_[0-7][0-9a-hjkmnp-tv-z]{25}$/

const run = (header: string | undefined) =>
  Effect.provide(
    SecureRandom.SecureRandom.use((random) => requestIdFrom(header, random)),
    SecureRandom.layerWebCrypto
  )

describe("requestIdFrom", () => {
  it.effect.each(["a", "550e8400-e29b-41d4-a716-446655440000", "1-67891233:abc.def_0", "x".repeat(128)])(
    "keeps %s",
    (header) => Effect.map(run(header), (id) => assert.strictEqual(id, header))
  )

  it.effect.each([
    undefined,
    "",
    "x".repeat(129),
    "two words",
    "line\nbreak",
    "trailing\n",
    "naïve",
    "<script>",
    "4111111111111111",
    "req-4111-1111-1111-1111"
  ])("replaces %j", (header) => Effect.map(run(header), (id) => assert.match(id, generated)))

  it.effect.prop(
    "gives an id that is safe in a header and a log line, whatever comes",
    { header: Schema.String },
    ({ header }) => Effect.map(run(header), (id) => assert.match(id, /^[A-Za-z0-9._:-]{1,128}$/))
  )

  it.effect("makes ids that sort by time and do not repeat", () =>
    Effect.gen(function* () {
      const random = yield* SecureRandom.SecureRandom
      const make = requestIdFrom(undefined, random)
      const ids = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.andThen(TestClock.adjust(1), make))
      assert.deepStrictEqual([...new Set(ids)].sort(), ids)
    }).pipe(Effect.provide(SecureRandom.layerWebCrypto))
  )

  it.effect("is undefined outside a request and the given id within", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* requestId)
      assert.strictEqual(yield* identifiedBy("req_1")(requestId), "req_1")
    })
  )
})
