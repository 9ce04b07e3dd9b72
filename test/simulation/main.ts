import { readFileSync } from "node:fs"
import { BadArguments, type Options, parseOptions, usage, usualPayments } from "./Options.ts"
import { type Order, Pool } from "./Pool.ts"
import { command, countsText, outcomeText, sum, violationsText } from "./Report.ts"
import { withDatabases } from "./Server.ts"
import type { Outcome } from "./Stage.ts"

const say = (text: string) => process.stdout.write(`${text}\n`)

/** What once failed comes first. */
const corpus = (): ReadonlyArray<Order> =>
  [...readFileSync(new URL("./seeds.txt", import.meta.url), "utf8").matchAll(/^(?!#)(\S+) (\d+) /gm)].map(
    ([, seed = "", payments]) => ({ seed, payments: Number(payments), keepsHistory: false })
  )

const runOne = async (pool: Pool, order: Order): Promise<void> => {
  const left = [order]
  await pool.run(
    () => left.pop(),
    (outcome) => {
      say(outcomeText(outcome))
      if (outcome.violations.length > 0) process.exitCode = 1
    }
  )
}

const runMany = async (pool: Pool, { base, payments, seconds, workers }: Options): Promise<void> => {
  say(`new seeds begin with ${base}; ${workers} scenarios at a time`)
  const known = [...corpus()]
  const started = performance.now()
  const outcomes: Array<Outcome> = []
  let made = 0
  const next = (): Order | undefined => {
    if (performance.now() - started > seconds * 1_000) return undefined
    return known.shift() ?? { seed: `${base}-${++made}`, payments, keepsHistory: false }
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
  if (failed.length > 0) process.exitCode = 1
}

/** The same again, this time with all that happened. */
const explain = async (pool: Pool, { hash, payments, seed }: Outcome): Promise<void> => {
  const left = [{ seed, payments, keepsHistory: true }]
  await pool.run(
    () => left.pop(),
    (again) => {
      say(
        `seed ${seed}, trace ${hash}${again.hash === hash ? "" : `, but now ${again.hash}`}\n${violationsText(again)}\n`
      )
    }
  )
}

const start = async (): Promise<void> => {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options === "help") {
      say(usage)
      return
    }
    await withDatabases(options.seed === undefined ? options.workers : 1, async (databases) => {
      const pool = new Pool(databases)
      try {
        if (options.seed === undefined) await runMany(pool, options)
        else await runOne(pool, { seed: options.seed, payments: options.payments, keepsHistory: true })
      } finally {
        await pool.close()
      }
    })
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exitCode = 2
  }
}

await start()
