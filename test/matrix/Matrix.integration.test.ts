import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { inject } from "vitest"
import { boundaries, callTypes } from "../../src/transactions/Boundary.ts"
import { type Cell, cells } from "./Cells.ts"
import { runMatrix } from "./Matrix.ts"
import { operations } from "./Operations.ts"

// `npm run matrix` runs all of them.
const isChosen = ({ after, blow, boundary, fault, operation }: Cell) =>
  after === "none" &&
  blow === "killed" &&
  fault === (boundary === "sent" ? "reset" : "none") &&
  operation === operations.find(({ type }) => type === operation.type)

const chosen = cells.filter(isChosen)

describe("a part of the crash matrix", () => {
  it.live(
    "kills the service at every boundary of every kind of call, and finds the books in order",
    () =>
      Effect.gen(function* () {
        const run = { cells: chosen, stands: 1, size: 150, say: () => {} }
        const { restless, verdicts } = yield* runMatrix(inject("postgres"), run)
        assert.deepStrictEqual([...restless, ...verdicts.flatMap(({ violations }) => violations)], [])
        assert.strictEqual(verdicts.length, chosen.length)
        const met = new Set(verdicts.map(({ cell }) => `${cell.operation.type} ${cell.boundary}`))
        assert.strictEqual(met.size, callTypes.length * boundaries.length)
        const due = verdicts.filter(({ isDue }) => isDue)
        assert.isAbove(due.length, chosen.length / 3)
        assert.isTrue(due.every(({ isObserved }) => isObserved))
        assert.isAbove(verdicts.filter(({ cell, hasFired }) => hasFired && cell.fault !== "none").length, 5)
      }).pipe(Effect.scoped),
    60_000
  )
})
