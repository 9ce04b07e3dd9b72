import { measure, yardstick } from "./Measure.ts"
import { BadArguments, chosen, parseOptions, usage } from "./Options.ts"
import { parts } from "./Parts.ts"
import { openRequests } from "./Requests.ts"
import { table } from "./Table.ts"

const main = async (): Promise<void> => {
  const options = parseOptions(process.argv.slice(2))
  if (options === "help") return void process.stdout.write(`${usage}\n`)
  const requests = openRequests()
  try {
    const measured = []
    for (const subject of chosen([...parts, ...requests.subjects], options)) {
      // Progress goes to stderr, so that the table alone can be sent to a file.
      process.stderr.write(`${subject.name}\n`)
      measured.push(await measure(subject, options.milliseconds))
    }
    process.stdout.write(`${table(measured, yardstick.name)}\n`)
  } finally {
    await requests.dispose()
  }
}

main().catch((error: unknown) => {
  const isBad = error instanceof BadArguments
  process.stderr.write(isBad ? `${error.message}\n\n${usage}\n` : `${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = isBad ? 2 : 1
})
