import { readFileSync } from "node:fs"
import type { Order } from "./Pool.ts"

/** What once failed, and comes first. */
export const corpus = (): ReadonlyArray<Order> =>
  [...readFileSync(new URL("./seeds.txt", import.meta.url), "utf8").matchAll(/^(?!#)(\S+) (\d+) /gm)].map(
    ([, seed = "", payments]) => ({ kind: "scenario", seed, payments: Number(payments), keepsHistory: false })
  )
