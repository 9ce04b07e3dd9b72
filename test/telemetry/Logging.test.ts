import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, References } from "effect"
import { loggingLayer } from "../../src/telemetry/Logging.ts"

/** A line that is logged inside a span, as it is written. */
const lineOf = Effect.fnUntraced(function* (isTraced: boolean) {
  const lines: Array<string> = []
  const console: Console.Console = { ...globalThis.console, log: (line: string) => void lines.push(line) }
  yield* Effect.log("said").pipe(
    Effect.withSpan("outer"),
    Effect.provideService(References.TracerEnabled, isTraced),
    Effect.provide(loggingLayer({ format: "json", level: "Info" })),
    Effect.provideService(Console.Console, console)
  )
  assert.lengthOf(lines, 1)
  return JSON.parse(lines[0] ?? "")
})

describe("a line of the log", () => {
  it.effect("names its trace, where there is one", () =>
    Effect.gen(function* () {
      const traced = yield* lineOf(true)
      assert.match(traced.trace_id, /^[0-9a-f]{32}$/)
      assert.match(traced.span_id, /^[0-9a-f]{16}$/)
      const untraced = yield* lineOf(false)
      assert.notProperty(untraced, "trace_id")
      assert.notProperty(untraced, "span_id")
      assert.strictEqual(untraced.level, "info")
    })
  )
})
