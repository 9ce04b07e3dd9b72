import { fileURLToPath } from "node:url"
import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { bench } from "./Bench.ts"
import { BadArguments, type Options, parseOptions, usage } from "./Options.ts"
import { hasMissedCount } from "./report/Budget.ts"
import { readReports, saveReport } from "./report/History.ts"
import { markdown } from "./report/Markdown.ts"
import { voids } from "./report/Report.ts"

const home = fileURLToPath(new URL("../../.local/bench", import.meta.url))

const main = Effect.fnUntraced(function* (options: Options) {
  // Progress goes to stderr, so that the table alone can be sent to a file.
  const report = yield* bench(options, home, (line) => process.stderr.write(`${line}\n`))
  const earlier = yield* Effect.promise(() => readReports(home))
  const path = yield* Effect.promise(() => saveReport(home, report))
  process.stdout.write(`${markdown(report, earlier)}\n\n${path}\n`)
  if (voids(report).length > 0 || hasMissedCount(report)) process.exitCode = 1
})

const complain = ({ message }: Error) =>
  Effect.sync(() => {
    process.stderr.write(`${message}\n`)
    process.exitCode = 1
  })

const start = (): void => {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options === "help") process.stdout.write(`${usage}\n`)
    else NodeRuntime.runMain(main(options).pipe(Effect.catch(complain)))
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exitCode = 2
  }
}

start()
