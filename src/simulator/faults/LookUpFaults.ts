import { type Fault, mild } from "./Fault.ts"

const named: ReadonlyArray<Fault> = [
  { ...mild("EMPTY_LIST"), editList: () => [] },
  { ...mild("LAST_ROW_MISSING"), editList: (rows) => rows.slice(0, -1) }
]

/** Faults of lists alone: look-ups that do not show what is in the books. */
export const findLookUpFault = (name: string): Fault | undefined => named.find((fault) => fault.name === name)
