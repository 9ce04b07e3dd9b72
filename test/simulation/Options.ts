import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"

export interface Options {
  /** One seed, told in full; without it, new ones until the time is over. */
  readonly seed: string | undefined
  readonly seconds: number
  /** What the new seeds begin with. */
  readonly base: string
  /** Payments of one scenario. A seed gives the same again only with the same number. */
  readonly payments: number
  /** Scenarios at a time. */
  readonly workers: number
}

export const usage = `Usage: npm run simulate -- [options]

  --seed <text>      run the scenario of this seed, and tell what happened in it
  --seconds <n>      run new seeds for so long, 1 to 86400; 60 when neither is given
  --base <text>      what the new seeds begin with; random when absent
  --payments <n>     payments of a scenario, 1 to 20000; 1000 when absent
  --workers <n>      scenarios at a time, 1 to 64; as many as there are processors when absent
  --help`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const values = readArguments(args)
  if (values.help === true) return "help"
  return {
    seed: values.seed,
    seconds: integer("seconds", values.seconds, 60, 86_400),
    base: values.base ?? String(Math.floor(Math.random() * 1_000_000_000)),
    payments: integer("payments", values.payments, usualPayments, 20_000),
    workers: integer("workers", values.workers, Math.min(64, availableParallelism()), 64)
  }
}

/** Enough that most of the time goes into payments, and not into looking whether there are any. */
export const usualPayments = 1_000

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: "string" },
        seconds: { type: "string" },
        base: { type: "string" },
        payments: { type: "string" },
        workers: { type: "string" },
        help: { type: "boolean" }
      }
    }).values
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error))
  }
}

const integer = (name: string, text: string | undefined, otherwise: number, most: number): number => {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value
  throw new BadArguments(`--${name} must be a whole number from 1 to ${most}, not "${text}"`)
}
