import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { BadArguments, type Options, parseOptions, usage } from "./Options.ts"
import { run } from "./Run.ts"

const print = (line: string) => void process.stdout.write(`${line}\n`)

const soak = (options: Options) =>
  run(options, print).pipe(
    // Load, rests and the check; a run that hangs is a failed one.
    Effect.timeout(options.minutes * 60_000 * 1.5 + 600_000),
    Effect.tap((objections) =>
      Effect.sync(() => {
        print(objections.length === 0 ? "Nothing grew, and the books agree." : "It did not hold:")
        for (const objection of objections) print(`- ${objection}`)
        process.exitCode = objections.length === 0 ? 0 : 1
      })
    )
  )

const start = (): void => {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options === "help") print(usage)
    else NodeRuntime.runMain(soak(options))
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exitCode = 2
  }
}

start()
