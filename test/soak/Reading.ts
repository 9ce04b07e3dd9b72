/** What is read of the service while nothing is asked of it. */
export interface Reading {
  /** Since the load began, pauses left out. */
  readonly minute: number
  /** Asked for so far. */
  readonly payments: number
  /** Megabytes in use after a collection of garbage. */
  readonly heap: number
  /** Megabytes of the process; undefined where the system does not tell, as with descriptors. */
  readonly resident: number | undefined
  readonly descriptors: number | undefined
  /** Sockets, servers and timers. */
  readonly handles: number
  readonly fibers: number
  readonly cached: number
  /** Calls and statements on their way or waiting. */
  readonly inFlight: number
}

const busy = ["calls_in_flight", "epx_calls_in_flight", "epx_calls_queued", "db_pool_in_use", "db_pool_waiting"]

/** The gauges of a scrape, each summed over its labels. */
export const gaugesOf = (scrape: string): Pick<Reading, "cached" | "inFlight"> => {
  const sums = new Map<string, number>()
  for (const [, name = "", value] of scrape.matchAll(/^(\w+)(?:\{.*\})? (\S+)/gm)) {
    sums.set(name, (sums.get(name) ?? 0) + Number(value))
  }
  const sumOf = (name: string): number => {
    const sum = sums.get(name)
    if (sum === undefined) throw new Error(`No gauge ${name} among the metrics`)
    return sum
  }
  return { cached: sumOf("cache_size"), inFlight: busy.reduce((sum, name) => sum + sumOf(name), 0) }
}
