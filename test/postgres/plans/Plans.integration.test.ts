import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Database } from "../../../src/postgres/Database.ts"
import { lists } from "./Lists.ts"
import { plansOf } from "./Plan.ts"
import { perPayment, type Query } from "./Query.ts"
import { Recorder } from "./Recorder.ts"
import { exceptions, sweeps } from "./Sweeps.ts"
import { buildTown } from "./Town.ts"
import { claims, refusals, settlements } from "./Writes.ts"

const assertCheap = Effect.fnUntraced(function* ({ ask, indexes, reads, sorts = perPayment }: Query) {
  const { sentBy } = yield* Recorder
  for (const plan of yield* plansOf(yield* sentBy(ask))) {
    assert.includeMembers([...plan.indexes], [...indexes])
    assert.deepStrictEqual(plan.wholes, [])
    for (const [table, rows] of Object.entries(plan.read)) {
      assert.isAtMost(rows, new Map(Object.entries(reads)).get(table) ?? 0, `rows of ${table}`)
    }
    assert.isAtMost(plan.sorted, sorts, "rows that are sorted")
  }
})

layer(Layer.effectDiscard(buildTown).pipe(Layer.provideMerge(Recorder.layer)), { timeout: "60 seconds" })(
  "DB-T3: among a hundred thousand payments",
  (it) => {
    for (const query of lists) {
      it.effect(`${query.name}: read from an index in order, and no more than a page`, () => assertCheap(query))
    }

    for (const query of [...exceptions, ...sweeps]) {
      it.effect(`${query.name}: found without reading what is over or not due`, () => assertCheap(query))
    }

    for (const query of refusals) {
      it.effect(`${query.name}: found without reading what others did`, () => assertCheap(query))
    }
  }
)

/** The first plan for what this sends. */
const planFor = Effect.fnUntraced(function* (ask: Effect.Effect<unknown, unknown, Database>) {
  const { sentBy } = yield* Recorder
  const [plan] = yield* plansOf(yield* sentBy(ask))
  return plan ?? assert.fail()
})

// Planned once for whatever comes, and for a server that has seen no payment yet.
layer(Recorder.layer)("in an empty database", (it) => {
  it.effect("charges that are claimed or settled together are found by their ids", () =>
    Effect.gen(function* () {
      const [claimed, settled] = [yield* planFor(claims), yield* planFor(settlements)]
      assert.deepStrictEqual([...claimed.wholes, ...settled.wholes], [])
      assert.include(settled.indexes, "payments_pkey")
      assert.isTrue(settled.indexes.some((name) => /^transactions_(?:pkey|payment_id)$/.test(name)))
      // It holds every call that is under way.
      assert.notInclude(settled.indexes, "transactions_leased")
      assert.deepStrictEqual([...claimed.joined, ...settled.joined], [])
    })
  )
})
