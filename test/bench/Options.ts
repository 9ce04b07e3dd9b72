import { parseArgs } from "node:util"

/** How a scenario loads a contender. */
export interface Scenario {
  readonly name: string
  readonly gatewayMillis: number
  readonly requests: "sale" | "get"
  readonly arrivals:
    | { readonly kind: "closed"; readonly inFlight: number }
    | { readonly kind: "open"; readonly perSecond: number; readonly maxInFlight: number }
}

export interface Options {
  readonly mode: "quick" | "full"
  readonly rounds: number
  /** Measured time of one run, in milliseconds; the warm-up before it comes on top. */
  readonly measure: number
  /** After so many milliseconds each further scenario has one round only, as on a machine that is busy. */
  readonly patience: number
  readonly contenders: ReadonlyArray<ContenderName>
  readonly scenarios: ReadonlyArray<Scenario>
}

export const contenderNames = ["baseline", "service"] as const
export type ContenderName = (typeof contenderNames)[number]

export const usage = `Usage: npm run bench -- [options]

  --quick            the short form: at most 90 seconds in all
  --only <name>      one contender: baseline or service
  --rounds <n>       runs of each contender in each scenario, 1 to 50
  --seconds <n>      measured time of one run, 1 to 120
  --rate <n>         payments a second where the rate is fixed, 1 to 20000
  --in-flight <n>    requests at a time where the rate is not fixed, 1 to 1000
  --help`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const values = readArguments(args)
  if (values.help === true) return "help"
  const isQuick = values.quick === true
  const inFlight = integer("in-flight", values["in-flight"], 64, 1_000)
  const rates = values.rate === undefined ? undefined : [integer("rate", values.rate, 0, 20_000)]
  return {
    mode: isQuick ? "quick" : "full",
    rounds: integer("rounds", values.rounds, isQuick ? 3 : 5, 50),
    measure: integer("seconds", values.seconds, isQuick ? 3 : 6, 120) * 1_000,
    // What follows, one round, the wait for the commits and the end, fits into the ninety seconds.
    patience: isQuick ? 58_000 : Number.POSITIVE_INFINITY,
    contenders: values.only === undefined ? contenderNames : [contender(values.only)],
    scenarios: isQuick
      ? [closed("sale", inFlight), ...(rates ?? [600]).map((rate) => open(40, rate))]
      : [
          closed("sale", inFlight),
          ...(rates ?? [100, 600, 1_200]).map((rate) => open(40, rate)),
          ...[200, 350].flatMap((gatewayMillis) => (rates ?? [600]).map((rate) => open(gatewayMillis, rate))),
          closed("get", inFlight)
        ]
  }
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        only: { type: "string" },
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

const closed = (requests: "sale" | "get", inFlight: number): Scenario => ({
  name: requests === "sale" ? `sale, 0 ms gateway, ${inFlight} in flight` : `GET payment, ${inFlight} in flight`,
  gatewayMillis: 0,
  requests,
  arrivals: { kind: "closed", inFlight }
})

const open = (gatewayMillis: number, perSecond: number): Scenario => ({
  name: `sale, ${gatewayMillis} ms gateway, ${perSecond}/s`,
  gatewayMillis,
  requests: "sale",
  // A second of arrivals: a contender that falls behind by more than that has lost.
  arrivals: { kind: "open", perSecond, maxInFlight: Math.max(64, Math.min(perSecond, 2_000)) }
})

const integer = (name: string, text: string | undefined, otherwise: number, most: number): number => {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value
  throw new BadArguments(`--${name} must be a whole number from 1 to ${most}, not "${text}"`)
}

const contender = (text: string): ContenderName => {
  const found = contenderNames.find((name) => name === text)
  if (found === undefined) throw new BadArguments(`--only must be ${contenderNames.join(" or ")}, not "${text}"`)
  return found
}
