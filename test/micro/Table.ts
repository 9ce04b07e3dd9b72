import type { Measured } from "./Measure.ts"

/** The result for people. */
export const table = (measured: ReadonlyArray<Measured>, yardstick: string): string =>
  [
    "| | × yardstick | p50 µs | p99 µs | ops/s | bytes |",
    "| - | -: | -: | -: | -: | -: |",
    ...measured.map(({ bytes, name, p50, p99, perSecond, ratio }) =>
      row([
        name,
        ratio.toFixed(2),
        p50.toFixed(2),
        p99.toFixed(2),
        perSecond.toFixed(0),
        Number.isNaN(bytes) ? "–" : bytes.toFixed(0)
      ])
    ),
    "",
    `The yardstick is this: ${yardstick}. Times mean nothing on a machine that others use, and little elsewhere;`,
    "compare the ratios. Bytes are those of the JavaScript heap. Requests have the handler's own part in them, which",
    "is that of the empty route."
  ].join("\n")

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
