import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"

/** What is to be run: one scenario, one day of sales, or new scenarios for some time. */
export interface Options {
  readonly kind: "one" | "sales" | "many"
  /** Told, or made up; what new seeds begin with when there are many. */
  readonly seed: string
  readonly seconds: number
  /** Payments of one scenario. A seed gives the same again only with the same number. */
  readonly payments: number
  /** Scenarios at a time. */
  readonly workers: number
}

export const usage = `Usage: npm run simulate -- [options]

  --seconds <n>      begin new scenarios for so long, 1 to 86400 (60); what has begun is carried to its end
  --base <text>      what the new seeds begin with; random when absent
  --workers <n>      scenarios at a time, 1 to 64; as many as there are processors when absent
  --seed <text>      run the scenario of this seed instead, and tell what happened in it
  --payments <n>     payments of a scenario, 1 to 20000 (1000)
  --sales [n]        instead: so many sales (1000) of which answers and requests are lost, those of the reversals too;
                     with --seed the same ones again
  --help

Exit code 0: everything held; 1: something did not, or no scenario came to its end; 2: wrong arguments.`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

/** Enough that most of the time goes into payments, and not into looking whether there are any. */
export const usualPayments = 1_000

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const values = readArguments(withNumberOfSales(args))
  if (values.help === true) return "help"
  const kind = values.sales !== undefined ? "sales" : values.seed !== undefined ? "one" : "many"
  for (const name of unwanted[kind]) {
    if (values[name] !== undefined) throw new BadArguments(`--${name} means nothing here: ${reasons[kind]}`)
  }
  return {
    kind,
    seed: text("seed", values.seed) ?? text("base", values.base) ?? String(Math.floor(Math.random() * 1_000_000_000)),
    seconds: integer("seconds", values.seconds, 60, 86_400),
    payments: integer(
      values.sales === undefined ? "payments" : "sales",
      values.sales ?? values.payments,
      1_000,
      20_000
    ),
    workers: kind === "many" ? integer("workers", values.workers, Math.min(64, availableParallelism()), 64) : 1
  }
}

const unwanted = {
  one: ["seconds", "base", "workers"],
  sales: ["seconds", "base", "workers", "payments"],
  many: []
} as const

const reasons = { one: "--seed runs one scenario", sales: "--sales runs once", many: "" }

/** The number may be left out. */
const withNumberOfSales = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.flatMap((arg, index) =>
    arg === "--sales" && (args[index + 1] ?? "--").startsWith("--") ? [arg, String(usualPayments)] : [arg]
  )

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: "string" },
        seconds: { type: "string" },
        base: { type: "string" },
        payments: { type: "string" },
        sales: { type: "string" },
        workers: { type: "string" },
        help: { type: "boolean" }
      }
    }).values
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error))
  }
}

/** Seeds are printed in commands and told apart by spaces in the corpus. */
const text = (name: string, value: string | undefined): string | undefined => {
  if (value === undefined || /^[\w.-]{1,100}$/.test(value)) return value
  throw new BadArguments(`--${name} may have letters, digits, ".", "_" and "-", and not "${value}"`)
}

const integer = (name: string, text: string | undefined, otherwise: number, most: number): number => {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value
  throw new BadArguments(`--${name} must be a whole number from 1 to ${most}, not "${text}"`)
}
