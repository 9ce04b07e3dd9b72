import type { Seed } from "./Seed.ts"

/** What happens to one request on its way to EPX and back. `effect` is a fault of the simulator. */
export interface Fate {
  readonly name: string
  readonly effect?: string
  /** It never arrives. */
  readonly isLost?: boolean
  /** It arrives once more, so many milliseconds later. */
  readonly again_ms?: number
  /** It is on its way so much longer. */
  readonly late_ms?: number
  /** The client is given the answer to somebody else's request. */
  readonly isCrossed?: boolean
}

const effect = (name: string) => ({ name, effect: name }) satisfies Fate

/** The request or its answer is gone, and the client hears nothing or of a broken connection. */
const losses: readonly [Fate, ...ReadonlyArray<Fate>] = [
  effect("TIMEOUT_AFTER"),
  effect("TIMEOUT_BEFORE"),
  effect("RESET_AFTER"),
  effect("RESET_BEFORE"),
  { name: "REQUEST_LOST", isLost: true },
  effect("HEADERS_ONLY"),
  effect("DRIP")
]

/** Something comes back that decides nothing. */
const garbage: readonly [Fate, ...ReadonlyArray<Fate>] = [
  effect("TRUNCATED"),
  effect("HTML_200"),
  effect("HTML_502_BEFORE"),
  effect("HTML_502_AFTER"),
  effect("HTTP_500_BEFORE"),
  effect("HTTP_503_AFTER"),
  effect("HTTP_504_AFTER"),
  effect("REDIRECT_301"),
  effect("EMPTY_200"),
  effect("HUGE"),
  effect("GZIP"),
  effect("XXE"),
  effect("BILLION_LAUGHS"),
  effect("DUP_KEY"),
  effect("SWAPPED"),
  { name: "CROSSED", isCrossed: true },
  effect("MISSING_AUTH_RESP"),
  effect("MISSING_TRAN_NBR"),
  effect("MISSING_BATCH_ID"),
  effect("WRONG_AMOUNT"),
  effect("UNKNOWN_CODE"),
  effect("UNKNOWN_CODE_CHARGED")
]

/** It can be read, or it is never sent. */
const oddities: readonly [Fate, ...ReadonlyArray<Fate>] = [
  effect("LATIN1"),
  effect("BOM"),
  effect("CRLF"),
  effect("EXTRA"),
  effect("SHUFFLE"),
  effect("WRONG_CTYPE"),
  effect("NO_NTID"),
  effect("CODE_05"),
  effect("CODE_51"),
  effect("CODE_96"),
  effect("AUTHCODE_ON_DECLINE")
]

const isCharge = (type: string): boolean => type === "CCE1" || type === "CCE2"

/** The faults of the simulator that happen here, to be compared with what they do to a socket. */
export const effects: ReadonlyArray<string> = [...losses, ...garbage, ...oddities].flatMap(({ effect }) => effect ?? [])

/** How bad a gateway is. */
export interface Weather {
  readonly losses: number
  readonly garbage: number
  readonly oddities: number
  readonly slowness: number
  readonly repetitions: number
}

/** Faults by the seed, for every type of call alike. */
export const fateOf = (seed: Seed, type: string, weather: Weather): Fate => {
  const roll = seed.next()
  let threshold = weather.losses
  if (roll < threshold) return seed.pick(losses)
  threshold += weather.garbage
  if (roll < threshold) return seed.pick(garbage)
  threshold += weather.oddities
  // A refusal of what the books allow is EPX's to make, but not of a timeout reversal. Only charges are made in part.
  if (roll < threshold) {
    if (type === "CCE7") return seed.pick([effect("LATIN1"), effect("BOM")])
    return isCharge(type) && seed.chance(0.1) ? effect("PARTIAL") : seed.pick(oddities)
  }
  threshold += weather.slowness
  if (roll < threshold) return slow(seed)
  threshold += weather.repetitions
  if (roll < threshold) return { name: "DUPLICATED", again_ms: seed.between(1, 3_000) }
  return { name: "fine" }
}

const slow = (seed: Seed): Fate => {
  switch (seed.between(0, 3)) {
    case 0:
      return { name: "SLOW", effect: `SLOW_${seed.between(200, 29_000)}` }
    case 1:
      // Longer than any call may take.
      return { name: "TOO_SLOW", effect: `SLOW_${seed.between(31_000, 60_000)}` }
    case 2:
      return { name: "LATE_COMMIT", effect: `LATE_COMMIT_${seed.between(1, 50)}` }
    default:
      return { name: "LATE_REQUEST", late_ms: seed.between(100, 12_000) }
  }
}

/** Faults of look-ups. */
export const lookUpFateOf = (seed: Seed, weather: Weather): Fate =>
  seed.chance(weather.losses + weather.garbage)
    ? effect(
        seed.pick([
          "EMPTY_LIST",
          "LAST_ROW_MISSING",
          "HTTP_500",
          "TRUNCATED",
          "TIMEOUT_AFTER",
          "RESET_AFTER",
          "HTML_200",
          "SLOW_3000",
          "SLOW_11000"
        ])
      )
    : { name: "fine" }
