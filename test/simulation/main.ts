import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { corpus } from "./Corpus.ts"
import { BadArguments, type Options, parseOptions, usage, usualPayments } from "./Options.ts"
import { type Order, Pool } from "./Pool.ts"
import { command, countsText, outcomeText, sum, violationsText } from "./Report.ts"
import { complaintsOf, salesText } from "./SalesReport.ts"
import { databases } from "./Server.ts"
import type { Outcome } from "./Stage.ts"

const say = (text: string) => process.stdout.write(`${text}\n`)

const runOne = async (pool: Pool, order: Order): Promise<Outcome> => {
  const outcomes: Array<Outcome> = []
  const left = [order]
  await pool.run(
    () => left.pop(),
    (outcome) => outcomes.push(outcome)
  )
  const [outcome] = outcomes
  if (outcome === undefined) throw new Error(`Seed ${order.seed} did not come to its end`)
  return outcome
}

const fail = (isBad: boolean): void => {
  if (isBad) process.exitCode = 1
}

const tellOne = async (pool: Pool, { payments, seed }: Options): Promise<void> => {
  const outcome = await runOne(pool, { kind: "scenario", seed, payments, keepsHistory: true })
  say(outcomeText(outcome))
  fail(outcome.violations.length > 0)
}

const sell = async (pool: Pool, { payments, seed }: Options): Promise<void> => {
  const outcome = await runOne(pool, { kind: "sales", seed, payments, keepsHistory: true })
  say(salesText(outcome))
  fail(complaintsOf(outcome).length > 0)
}

const runMany = async (pool: Pool, { payments, seconds, seed: base }: Options): Promise<void> => {
  const known = [...corpus()]
  const started = performance.now()
  const outcomes: Array<Outcome> = []
  let made = 0
  const next = (): Order | undefined => {
    if (performance.now() - started > seconds * 1_000) return undefined
    return known.shift() ?? { kind: "scenario", seed: `${base}-${++made}`, payments, keepsHistory: false }
  }
  await pool.run(next, (outcome) => outcomes.push(outcome))
  const took_s = (performance.now() - started) / 1_000
  const failed = outcomes.filter(({ violations }) => violations.length > 0)
  for (const outcome of failed) await explain(pool, outcome)
  say(countsText(sum(outcomes.map(({ counts }) => counts))))
  const all = outcomes.reduce((total, outcome) => total + outcome.payments, 0)
  const virtual_s = outcomes.reduce((total, outcome) => total + outcome.virtual_s, 0)
  const scenarios = `${outcomes.length} scenarios, ${Math.round(virtual_s / 3_600)} virtual hours`
  say(`${all} payments in ${took_s.toFixed(1)} s, ${Math.round(all / took_s)} a second (${scenarios})`)
  say(`${failed.length} of them with violations`)
  for (const outcome of failed) say(command(outcome, usualPayments))
  fail(failed.length > 0 || outcomes.length === 0)
}

/** The same again, this time with all that happened. */
const explain = async (pool: Pool, { hash, payments, seed }: Outcome): Promise<void> => {
  const again = await runOne(pool, { kind: "scenario", seed, payments, keepsHistory: true })
  const isEqual = again.hash === hash
  say(`seed ${seed}, trace ${hash}${isEqual ? "" : `, but now ${again.hash}`}\n${violationsText(again)}\n`)
}

const run = { one: tellOne, sales: sell, many: runMany }

const simulation = (options: Options) =>
  Effect.gen(function* () {
    const opened = yield* databases(options.workers)
    const pool = yield* Effect.acquireRelease(
      Effect.sync(() => new Pool(opened)),
      (made) => Effect.promise(() => made.close())
    )
    yield* Effect.promise(() => run[options.kind](pool, options))
  }).pipe(Effect.scoped)

const start = (): void => {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options === "help") {
      say(usage)
      return
    }
    const { kind, seed, workers } = options
    say(kind === "many" ? `new seeds begin with ${seed}; ${workers} scenarios at a time` : `seed ${seed}`)
    // It ends the servers and removes their data, whatever the end.
    NodeRuntime.runMain(simulation(options))
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exitCode = 2
  }
}

start()
