import { parseArgs } from "node:util"

export interface Options {
  /** Part of the names of those to be measured, in small letters. */
  readonly only: string
  /** Measured time of each; yardstick and warm-up come on top. */
  readonly milliseconds: number
}

export const usage = `Usage: npm run bench:micro -- [options]

  --only <text>      those whose name holds this text; all when absent
  --seconds <n>      measured time of each, 0.1 to 60; 1 when absent
  --help`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const { help, only = "", seconds = "1" } = readArguments(args)
  if (help === true) return "help"
  const value = Number(seconds)
  if (seconds.trim() === "" || !(value >= 0.1 && value <= 60)) {
    throw new BadArguments(`--seconds must be a number from 0.1 to 60, not "${seconds}"`)
  }
  return { only: only.toLowerCase(), milliseconds: value * 1_000 }
}

/** Refuses a text that is in none of the names. */
export const chosen = <A extends { readonly name: string }>(all: ReadonlyArray<A>, { only }: Options) => {
  const found = all.filter(({ name }) => name.toLowerCase().includes(only))
  if (found.length > 0) return found
  throw new BadArguments(`--only "${only}" is in none of these names: ${all.map(({ name }) => name).join("; ")}`)
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    const text = { type: "string" } as const
    return parseArgs({ args: [...args], options: { only: text, seconds: text, help: { type: "boolean" } } }).values
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error))
  }
}
