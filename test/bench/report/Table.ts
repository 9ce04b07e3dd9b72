/** A Markdown table whose source is readable too. The first columns hold text, the others numbers. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  texts: number
): ReadonlyArray<string> => {
  const widths = head.map((title, n) => Math.max(3, title.length, ...rows.map((row) => row[n]?.length ?? 0)))
  const pad = (cell: string, n: number) => (n < texts ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))
  const line = (cells: ReadonlyArray<string>) => `| ${cells.map(pad).join(" | ")} |`
  const rule = widths.map((width, n) => (n < texts ? "-".repeat(width) : `${"-".repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)]
}

/** A dash where there is no number. */
export const round = (value: number | undefined, digits = 0): string =>
  value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(digits)

export const ratio = (value: number | undefined, base: number | undefined): string =>
  value === undefined || base === undefined ? "–" : round(value / base, 2)

export const percent = (share: number): string => `${round(share * 100)} %`

const columns = 120

/** One item of a list, broken before it gets too long to read. */
export const item = (text: string): string => {
  let room = columns - 2
  const words = text.split(" ").map((word, n) => {
    if (word.length + 1 > room) {
      room = columns - 2 - word.length
      return `\n  ${word}`
    }
    room -= word.length + 1
    return n === 0 ? word : ` ${word}`
  })
  return `- ${words.join("")}`
}
