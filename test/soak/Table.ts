import type { Reading } from "./Reading.ts"

interface Column {
  readonly title: string
  readonly show: (reading: Reading) => string
}

const count = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(0))

const columns: ReadonlyArray<Column> = [
  { title: "minute", show: ({ minute }) => minute.toFixed(2) },
  { title: "payments", show: ({ payments }) => count(payments) },
  { title: "heap MB", show: ({ heap }) => heap.toFixed(1) },
  { title: "RSS MB", show: ({ resident }) => count(resident) },
  { title: "descriptors", show: ({ descriptors }) => count(descriptors) },
  { title: "handles", show: ({ handles }) => count(handles) },
  { title: "fibers", show: ({ fibers }) => count(fibers) },
  { title: "cached", show: ({ cached }) => count(cached) },
  { title: "in flight", show: ({ inFlight }) => count(inFlight) }
]

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

export const head = [line(columns.map(({ title }) => title)), line(columns.map(() => "-:"))].join("\n")

export const row = (reading: Reading): string =>
  line(columns.map(({ show, title }) => show(reading).padStart(title.length)))
