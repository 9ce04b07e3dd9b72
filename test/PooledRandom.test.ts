import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { pooledRandom } from "../src/PooledRandom.ts"

it.effect("pooled random bytes are given out once, however many are asked for at a time", () =>
  Effect.gen(function* () {
    const random = yield* SecureRandom.SecureRandom
    const seen = new Set<string>()
    let asked = 0
    for (const size of [7, 16, 10, 4_096, 8_192, 8_193, 65_537]) {
      for (let time = 0; time < 5; time++) {
        const bytes = yield* random.randomBytes(size)
        assert.strictEqual(bytes.byteLength, size)
        // Of so many random bytes there is one of each kind; a pool that is not filled has zeros.
        if (size > 4_000) assert.strictEqual(new Set(bytes).size, 256)
        for (let at = 0; at + 7 <= size; at += 7) {
          seen.add(Buffer.from(bytes.subarray(at, at + 7)).toString("hex"))
          asked++
        }
      }
    }
    assert.strictEqual(seen.size, asked)
  }).pipe(Effect.provide(pooledRandom))
)
