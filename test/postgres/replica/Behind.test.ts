import { randomUUID } from "node:crypto"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { behind } from "../../../src/postgres/Behind.ts"
import type { Statements } from "../../../src/postgres/Gate.ts"

const now_ms = Date.UTC(2026, 10, 22)

/** Says which pool it was asked on. */
const poolOf = (place: string | null) => {
  const told: Array<string> = []
  const through =
    (pool: string): Statements =>
    () =>
      Effect.sync(() => told.push(pool)) as never
  const statements = behind({ lagging: through("lagging"), pipelined: through("pipelined") })(place)
  return Effect.map(
    statements(() => Effect.void),
    () => told.join()
  )
}

const idOf = (time_ms: number) => {
  const hex = time_ms.toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`
}

it.effect.each([
  ["the start", null, "lagging"],
  ["an id of now", idOf(now_ms), "pipelined"],
  ["an id of a clock that is ahead", idOf(now_ms + 10_000), "pipelined"],
  ["an id of half a minute ago", idOf(now_ms - 30_000), "pipelined"],
  ["an id of two minutes ago", idOf(now_ms - 120_000), "lagging"]
] as const)("a page behind %s is read where it cannot have a gap", ([, place, pool]) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(now_ms)
    assert.strictEqual(yield* poolOf(place), pool)
  })
)

it("a page without a replica asks no clock", () => {
  const statements: Statements = (run) => run({} as never)
  assert.strictEqual(behind({ lagging: statements, pipelined: statements })(idOf(now_ms)), statements)
})
