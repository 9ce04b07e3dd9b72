// Where it runs, nothing else may: the heap of others would be counted too, and takes long to collect.
import { assert, it } from "@effect/vitest"
import { allocatedBy } from "./Allocation.ts"

it("counts the bytes that each run allocates", async () => {
  const bytes = (numbers: number) => allocatedBy({ name: "", run: () => new Array<number>(numbers).fill(0.5) })
  // Eight bytes for each, and a few for the array.
  assert.closeTo(await bytes(1_000), 8_000, 800)
  assert.closeTo(await bytes(4_000), 32_000, 3_200)
})
