import type { Reading } from "./Reading.ts"

/** What must not be exceeded, compared with the reading at the end of the warm-up. */
export const allowed = {
  /** Megabytes. */
  heap: 10,
  resident: 100,
  /** The pools may hold a few connections more or less than at another time. */
  descriptors: 8,
  handles: 8,
  /** Some sweep may have been under way. */
  fibers: 16,
  cached: 0
} as const

type Figure = keyof typeof allowed

const units: Readonly<Record<Figure, string>> = {
  heap: "MB of heap",
  resident: "MB of resident memory",
  descriptors: "descriptors",
  handles: "handles",
  fibers: "fibers",
  cached: "cached entries"
}

/** What grew from the end of the warm-up to the end, and what did not come to rest, in words; nothing when all is well. */
export const growth = (warm: Reading, later: ReadonlyArray<Reading>): ReadonlyArray<string> => {
  const last = later.at(-1)
  if (last === undefined) return ["nothing was read after the warm-up"]
  const grown = figures.flatMap((figure) => {
    const [before, after] = [warm[figure], last[figure]]
    if (before === undefined || after === undefined || after - before <= allowed[figure]) return []
    return [`${units[figure]} grew from ${round(before)} to ${round(after)}, by more than ${allowed[figure]}`]
  })
  const restless = [warm, ...later].filter(({ inFlight }) => inFlight > 0)
  return [
    ...grown,
    ...restless.map(({ inFlight, minute }) => `${inFlight} in flight at rest, after ${round(minute)} minutes`)
  ]
}

const figures = [
  "heap",
  "resident",
  "descriptors",
  "handles",
  "fibers",
  "cached"
] as const satisfies ReadonlyArray<Figure>

const round = (value: number): string => String(Math.round(value * 10) / 10)
