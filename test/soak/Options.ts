import { parseArgs } from "node:util"

export interface Options {
  /** Of load; the pauses and the check at the end come on top. */
  readonly minutes: number
  /** Operations begun each second. */
  readonly rate: number
}

export const usage = `Usage: npm run soak -- [options]

  --minutes <n>   how long the load goes on, 0.2 to 1440; 10 when absent
  --rate <n>      operations begun each second, 1 to 500; 50 when absent
  --help`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const { help, minutes, rate } = readArguments(args)
  if (help === true) return "help"
  return { minutes: within("minutes", minutes, 10, 0.2, 1_440), rate: within("rate", rate, 50, 1, 500) }
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    const text = { type: "string" } as const
    return parseArgs({ args: [...args], options: { minutes: text, rate: text, help: { type: "boolean" } } }).values
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error))
  }
}

const within = (name: string, given: string | undefined, usual: number, least: number, most: number): number => {
  const value = given === undefined ? usual : Number(given)
  if (given?.trim() !== "" && value >= least && value <= most) return value
  throw new BadArguments(`--${name} must be a number from ${least} to ${most}, not "${given}"`)
}
