import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { BadArguments, type Options, parseOptions, usage } from "./Options.ts"
import { run } from "./Run.ts"

const print = (line: string) => void process.stdout.write(`${line}\n`)

const chaos = (options: Options) =>
  run(
    options,
    print,
    // Progress goes to stderr, so that the result alone can be sent to a file.
    (line) => void process.stderr.write(`${line}\n`)
  ).pipe(
    // Load, healing and the check; a run that hangs is a failed one.
    Effect.timeout(options.minutes * 60_000 + 420_000),
    Effect.tap((holds) =>
      Effect.sync(() => {
        print(holds ? "Everything held." : "Something did not hold.")
        process.exitCode = holds ? 0 : 1
      })
    )
  )

const start = (): void => {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options === "help") print(usage)
    else NodeRuntime.runMain(chaos(options))
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exitCode = 2
  }
}

start()
