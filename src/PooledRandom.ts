import { randomFillSync } from "node:crypto"
import { Layer } from "effect"
import { SecureRandom } from "effect/crypto"

// The system is asked for this many bytes at a time: a call costs as much for sixteen of them, and a sale needs five.
const poolSize = 8_192

const makePool = (): ((size: number) => Uint8Array<ArrayBuffer>) => {
  const pool = new Uint8Array(poolSize)
  let used = poolSize
  return (size) => {
    if (size > poolSize) return randomFillSync(new Uint8Array(size))
    if (used + size > poolSize) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + size)
    // Whoever reads this memory later finds no secret that was made of it.
    pool.fill(0, used, used + size)
    used += size
    return bytes
  }
}

/** Random bytes of the operating system's generator, each given out once. */
export const pooledRandom = Layer.sync(SecureRandom.SecureRandom, () => SecureRandom.make(makePool()))
