import { layer } from "@effect/vitest"
import { leavesNothing, quietService } from "./Load.ts"

const load = 1_500

layer(quietService, { excludeTestServices: true })("MEM-TEST, RES-M1: a service at rest", (it) => {
  it.effect(`keeps nothing of ${load} operations, whoever went away meanwhile`, () => leavesNothing(load, 4), 120_000)
})
