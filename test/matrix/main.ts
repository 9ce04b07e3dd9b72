import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, References } from "effect"
import { nameOf } from "./Cells.ts"
import { runMatrix } from "./Matrix.ts"
import { BadArguments, type Options, parseOptions, usage } from "./Options.ts"
import { openServer } from "./Server.ts"
import { table } from "./Table.ts"

const main = Effect.fnUntraced(function* ({ cells, size, stands }: Options) {
  const start = Date.now()
  // Progress goes to stderr, so that the table alone can be sent to a file.
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const { restless, verdicts } = yield* runMatrix(yield* openServer, { cells, stands, size, say })
  process.stdout.write(`${table(verdicts, (Date.now() - start) / 1000)}\n`)
  // Once more, where they are read after a long run.
  const wrong = [...restless, ...verdicts.flatMap(({ violations }) => violations)]
  process.stdout.write(wrong.map((line) => `${line}\n`).join(""))
  if (wrong.length > 0 || verdicts.length < cells.length) process.exitCode = 1
})

const start = (): void => {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options === "help") process.stdout.write(`${usage}\n`)
    else if (options.isList) process.stdout.write(`${options.cells.map(nameOf).join("\n")}\n`)
    else {
      NodeRuntime.runMain(
        main(options).pipe(
          Effect.scoped,
          Effect.provide(NodeServices.layer),
          Effect.provideService(References.MinimumLogLevel, "Warn")
        )
      )
    }
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exitCode = 2
  }
}

start()
