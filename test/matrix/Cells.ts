import { type Boundary, boundaries } from "../../src/transactions/Boundary.ts"
import { type Operation, operations } from "./Operations.ts"

/** What becomes of the request on the wire, and the simulator's word for it. */
export const faults = {
  none: "SLOW_0",
  answer_lost: "TIMEOUT_AFTER",
  request_lost: "TIMEOUT_BEFORE",
  truncated: "TRUNCATED",
  reset: "RESET_AFTER",
  garbage: "HTML_200",
  swapped: "SWAPPED",
  late: "LATE_COMMIT_50",
  duplicated: "DUPLICATED"
} as const
export type FaultName = keyof typeof faults

/** The client learns nothing until its limit has passed. */
export const isSilent = (fault: FaultName): boolean => /^(?:TIMEOUT|LATE)/.test(faults[fault])

/** What happens to the process that makes the call, at the boundary. */
export const blows = ["killed", "paused", "abandoned"] as const
/** Ended by SIGKILL; stopped until long after its lease; or nothing, but that the client goes away and asks again. */
export type Blow = (typeof blows)[number]

/** What becomes of whatever is sent to find out about the call. */
export const afterFaults = {
  none: null,
  answer_lost: { effect: "RESET_AFTER", times: 1 },
  request_lost: { effect: "RESET_BEFORE", times: 1 },
  /** A reversal is told that EPX does not know the call, whether or not that is so. */
  denied: { effect: "CODE_25", times: 1 },
  all_lost: { effect: "RESET_BEFORE", times: "always" }
} as const
export type AfterFault = keyof typeof afterFaults

export interface Cell {
  readonly operation: Operation
  readonly boundary: Boundary
  readonly blow: Blow
  readonly fault: FaultName
  readonly after: AfterFault
  /** Whether the terminal has a credential for look-ups, and whether they are answered. */
  readonly lookUps: "answered" | "lost" | "none"
}

export const nameOf = ({ after, blow, boundary, fault, lookUps, operation }: Cell): string =>
  [operation.name, boundary, blow, fault, `after=${after}`, `lookups=${lookUps}`].join(" / ")

const faultNames: ReadonlyArray<FaultName> = [
  "none",
  "answer_lost",
  "request_lost",
  "truncated",
  "reset",
  "garbage",
  "swapped",
  "late",
  "duplicated"
]

/** Each call at each boundary under each blow, with each fault. */
const main: ReadonlyArray<Cell> = operations.flatMap((operation) =>
  boundaries.flatMap((boundary) =>
    blows.flatMap((blow) =>
      faultNames.map((fault): Cell => ({ operation, boundary, blow, fault, after: "none", lookUps: "answered" }))
    )
  )
)

const isCharge = ({ type }: Operation) => type === "sale" || type === "authorization"

const aftersOf = (operation: Operation): ReadonlyArray<Pick<Cell, "after" | "lookUps">> => [
  { after: "answer_lost", lookUps: "answered" },
  { after: "request_lost", lookUps: "answered" },
  // Anything else than a timeout reversal would be told a lie that no client can see through.
  ...(isCharge(operation) ? [{ after: "denied", lookUps: "answered" } as const] : []),
  { after: "all_lost", lookUps: "answered" },
  { after: "all_lost", lookUps: "lost" },
  { after: "all_lost", lookUps: "none" }
]

/** The same with faults on what is sent afterwards to find out, where there is something to find out. */
const followed: ReadonlyArray<Cell> = operations.flatMap((operation) =>
  aftersOf(operation).flatMap((rest) => [
    ...boundaries.map((boundary): Cell => ({ operation, boundary, blow: "killed", fault: "none", ...rest })),
    ...(["reset", "request_lost"] as const).map(
      (fault): Cell => ({ operation, boundary: "sent", blow: "abandoned", fault, ...rest })
    )
  ])
)

export const cells: ReadonlyArray<Cell> = [...main, ...followed]

/** The words that a cell can be chosen by. */
export const wordsOf = (cell: Cell): ReadonlyArray<string> => [
  cell.operation.name,
  cell.operation.type,
  cell.boundary,
  cell.blow,
  cell.fault,
  `after=${cell.after}`,
  `lookups=${cell.lookUps}`
]
