import { parseArgs } from "node:util"
import type { ContenderName } from "./Contenders.ts"
import { fullProgramme, matching, type Programme, quickProgramme, scenariosOf } from "./Programme.ts"

export interface Options {
  readonly mode: "quick" | "full"
  readonly rounds: number
  /** Measured time of one run, in milliseconds; the warm-up before it comes on top. */
  readonly measure: number
  /** After so many milliseconds each further scenario has one round only, as on a machine that is busy. */
  readonly patience: number
  readonly contenders: ReadonlyArray<ContenderName>
  /** Of the contender `services`. */
  readonly processes: number
  readonly programme: Programme
}

const choices = ["baseline", "service"] as const

export const usage = `Usage: npm run bench -- [options]

  --quick            the short form: at most 90 seconds in all
  --only <name>      one contender: baseline or service
  --processes <n>    so many processes of the service, 2 to 8, on one database; beside them a single one
  --match <text>     only what has this in its name
  --rounds <n>       runs of each contender in each scenario, 1 to 50
  --seconds <n>      measured time of one run, 1 to 120
  --rate <n>         payments a second where the rate is fixed, 1 to 20000
  --in-flight <n>    requests at a time where the rate is not fixed, 1 to 500
  --help

The exit code is 1 when a run is void, or when the service makes more statements or commits for a sale than it may.
No time and no rate fails it: they are judged in the table.`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const values = readArguments(args)
  if (values.help === true) return "help"
  const { only, processes } = values
  if (only !== undefined && processes !== undefined) throw new BadArguments("--only and --processes exclude each other")
  const isQuick = values.quick === true
  return {
    mode: isQuick ? "quick" : "full",
    rounds: integer("rounds", values.rounds, 3, 50),
    measure: integer("seconds", values.seconds, isQuick ? 3 : 5, 120) * 1_000,
    // What follows, one round, the wait for the commits and the end, fits into the ninety seconds.
    patience: isQuick ? 58_000 : Number.POSITIVE_INFINITY,
    contenders: processes !== undefined ? ["service", "services"] : only === undefined ? choices : [contender(only)],
    processes: integer("processes", processes, 2, 8, 2),
    programme: programmeOf(values)
  }
}

type Values = ReturnType<typeof readArguments>

const programmeOf = (values: Values): Programme => {
  const options = {
    inFlight: integer("in-flight", values["in-flight"], 64, 500),
    rate: values.rate === undefined ? undefined : integer("rate", values.rate, 0, 20_000)
  }
  // Several processes against one: what the quick form plays shows whether they get in each other's way.
  const isShort = values.quick === true || values.processes !== undefined
  const whole = (isShort ? quickProgramme : fullProgramme)(options)
  if (values.match === undefined) return whole
  const programme = matching(whole, values.match)
  if (scenariosOf(programme).length + programme.trials.length > 0) return programme
  const names = [...scenariosOf(whole).map(({ name }) => name), ...whole.trials].map((name) => `  ${name}`)
  throw new BadArguments(`Nothing has "${values.match}" in its name. There is:\n\n${names.join("\n")}`)
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        only: { type: "string" },
        processes: { type: "string" },
        match: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        rate: { type: "string" },
        "in-flight": { type: "string" },
        help: { type: "boolean" }
      }
    }).values
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error))
  }
}

const integer = (name: string, text: string | undefined, otherwise: number, most: number, least = 1): number => {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new BadArguments(`--${name} must be a whole number from ${least} to ${most}, not "${text}"`)
}

const contender = (text: string): ContenderName => {
  const found = choices.find((name) => name === text)
  if (found === undefined) throw new BadArguments(`--only must be ${choices.join(" or ")}, not "${text}"`)
  return found
}
