import { fileURLToPath } from "node:url"
import { controlsOf } from "./Control.ts"
import { makeCopies } from "./Copy.ts"
import { inLanes } from "./Lanes.ts"
import { type Mutant, readMutants } from "./Mutant.ts"
import { BadArguments, type Options, parseOptions, usage } from "./Options.ts"
import { BadMutant } from "./Patch.ts"
import { lineOf, listOf, reportOf } from "./Report.ts"
import type { Place } from "./Tests.ts"
import { tryMutant } from "./Trial.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

const limit_s = 120
// For all that must pass together before, and for what is run by hand.
const limitLong_s = 900

const say = (text: string) => void process.stdout.write(`${text}\n`)
// Progress goes to stderr, so that the table alone can be sent to a file.
const tell = (text: string) => void process.stderr.write(`${text}\n`)

/** Whether all were killed. */
const run = async ({ chosen, lanes }: Options, all: ReadonlyArray<Mutant>, signal: AbortSignal): Promise<boolean> => {
  const start = performance.now()
  const seconds = () => ((performance.now() - start) / 1_000).toFixed(0)
  const { copies, remove } = makeCopies(root, Math.min(lanes, chosen.length))
  try {
    const problems = await inLanes(controlsOf(chosen), copies, (control, copy) =>
      control({ copy, limit_s: limitLong_s, signal })
    )
    if (problems.flat().length > 0) {
      tell(`Without any defect the tests must pass, and they do not:\n${problems.flat().join("\n")}`)
      return false
    }
    tell(`without any defect everything passes, ${seconds()} s`)
    const verdicts = await inLanes(chosen, copies, async (mutant, copy) => {
      const place: Place = { copy, limit_s: mutant.byHand === null ? limit_s : limitLong_s, signal }
      const verdict = await tryMutant(mutant, place)
      tell(lineOf(verdict))
      return verdict
    })
    const left = all.filter((mutant) => !chosen.includes(mutant))
    say(reportOf(verdicts, left))
    tell(`${seconds()} s`)
    return verdicts.every(({ end }) => end === "killed")
  } finally {
    remove()
  }
}

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Stops at a signal, and only when nothing is left of what it had begun. */
const runUntilTold = async (options: Options, all: ReadonlyArray<Mutant>): Promise<number> => {
  const stopped = new AbortController()
  const told: Array<number> = []
  for (const [name, code] of Object.entries(codes)) {
    process.on(name, () => {
      told.push(code)
      stopped.abort()
    })
  }
  try {
    return (await run(options, all, stopped.signal)) ? 0 : 1
  } catch (error) {
    if (told[0] !== undefined) return told[0]
    throw error
  }
}

const start = async (): Promise<number> => {
  try {
    const all = readMutants(root)
    const options = parseOptions(process.argv.slice(2), all)
    if (options === "help") say(usage)
    else if (options.isList) say(listOf(options.chosen))
    else return await runUntilTold(options, all)
    return 0
  } catch (error) {
    if (error instanceof BadMutant) {
      tell(error.message)
      return 1
    }
    if (!(error instanceof BadArguments)) throw error
    tell(`${error.message}\n\n${usage}`)
    return 2
  }
}

process.exitCode = await start()
