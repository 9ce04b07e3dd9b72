import { Pool } from "undici"
import { serveJobs } from "../ChildSide.ts"
import { type Choose, errorKind, getRequest, Refused, type SendRequest, saleRequest } from "./LoadRequests.ts"
import { type LoadResult, Tally } from "./Tally.ts"

/** What to send and how. Durations are milliseconds. */
export interface LoadJob {
  readonly url: string
  /** Others that take turns with it. */
  readonly moreUrls?: ReadonlyArray<string>
  readonly apiKey: string
  /** Sales with these BRICs, or reads of these payments. */
  readonly requests:
    | { readonly kind: "sale"; readonly brics: ReadonlyArray<string> }
    | { readonly kind: "get"; readonly ids: ReadonlyArray<string> }
  readonly arrivals:
    | {
        readonly kind: "closed"
        readonly inFlight: number
        /** Ends after so many requests, if that is sooner. */
        readonly total?: number
      }
    | { readonly kind: "open"; readonly perSecond: number; readonly maxInFlight: number }
  /** Requests in the warm-up are sent and their answers counted, but they are in no rate and no latency. */
  readonly warmup: number
  readonly measure: number
  /** How long answers may still come after the last request. */
  readonly drain: number
}

/** One job, from the first request to the last answer. */
export const runLoad = async (job: LoadJob): Promise<LoadResult> => {
  const { arrivals } = job
  const connections = arrivals.kind === "closed" ? arrivals.inFlight : arrivals.maxInFlight
  const connect = (url: string) => new Pool(url, { connections, headersTimeout: 60_000, bodyTimeout: 60_000 })
  const first = connect(job.url)
  const pools = [first, ...(job.moreUrls ?? []).map(connect)]
  const close = () => Promise.all(pools.map((pool) => pool.destroy()))
  const tally = new Tally(job)
  const send = requester((n) => pools[n % pools.length] ?? first, job)
  const inFlight = new Set<Promise<void>>()

  const begin = (n: number, due: number): Promise<void> => {
    tally.sent(due)
    const request = send(n).then(
      (answer) => tally.answered(due, answer),
      (error) => {
        if (error instanceof Refused) tally.refused(due)
        tally.failed(errorKind(error))
      }
    )
    inFlight.add(request)
    return request.finally(() => inFlight.delete(request))
  }

  // Without the bound a stalled contender would be buried; with it the surplus must show, or the load would quietly adapt.
  const beginWithin = (most: number) => (n: number, due: number) => {
    if (inFlight.size < most) void begin(n, due)
    else tally.failed("not_sent_too_many_in_flight")
  }

  const drained =
    arrivals.kind === "closed"
      ? keepInFlight(tally, arrivals, begin)
      : keepArriving(tally, arrivals.perSecond, beginWithin(arrivals.maxInFlight))
  const giveUp = setTimeout(() => void close(), job.warmup + job.measure + job.drain)
  await drained
  await Promise.all(inFlight)
  clearTimeout(giveUp)
  await close()
  return tally.result()
}

const requester = (choose: Choose, { requests, apiKey }: LoadJob): SendRequest =>
  requests.kind === "sale" ? saleRequest(choose, apiKey, requests.brics) : getRequest(choose, apiKey, requests.ids)

type Closed = Extract<LoadJob["arrivals"], { readonly kind: "closed" }>

/** Closed model: as one answer comes, the next request goes. */
const keepInFlight = async (
  { end }: Tally,
  { inFlight, total = Number.POSITIVE_INFINITY }: Closed,
  begin: (n: number, due: number) => Promise<void>
): Promise<void> => {
  let next = 0
  const one = async () => {
    while (performance.now() < end && next < total) await begin(next++, performance.now())
  }
  await Promise.all(Array.from({ length: inFlight }, one))
}

/** Open model: requests are due at fixed times, whatever becomes of those before them. */
const keepArriving = async (
  { start, end }: Tally,
  perSecond: number,
  begin: (n: number, due: number) => void
): Promise<void> => {
  let next = 0
  let due = start
  while (due < end) {
    if (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
    begin(next++, due)
    due = start + (next * 1_000) / perSecond
  }
}

serveJobs(import.meta.url, runLoad)
