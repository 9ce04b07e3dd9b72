import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

export interface Options {
  /** Of load and events; healing and the check come on top. */
  readonly minutes: number
  /** Operations begun each second. */
  readonly rate: number
  readonly seed: number
  /** Where the services' logs go. */
  readonly logDirectory: string
}

export const usage = `Usage: npm run chaos -- [options]

  --minutes <n>   how long load and events go on, 0.1 to 60; 2 when absent
  --rate <n>      operations begun each second, 1 to 500; 20 when absent
  --seed <n>      the events and operations of an earlier run; another one each time when absent
  --help`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const { help, minutes, rate, seed } = readArguments(args)
  if (help === true) return "help"
  return {
    minutes: within("minutes", minutes, 2, 0.1, 60),
    rate: within("rate", rate, 20, 1, 500),
    seed: within("seed", seed, Math.floor(Math.random() * 1e9), 0, 1e9),
    logDirectory: fileURLToPath(new URL("../../.local/chaos", import.meta.url))
  }
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    const text = { type: "string" } as const
    const options = { minutes: text, rate: text, seed: text, help: { type: "boolean" } } as const
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error))
  }
}

const within = (name: string, given: string | undefined, usual: number, least: number, most: number): number => {
  const value = given === undefined ? usual : Number(given)
  if (value >= least && value <= most) return value
  throw new BadArguments(`--${name} must be a number from ${least} to ${most}`)
}
