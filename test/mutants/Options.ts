import { parseArgs } from "node:util"
import type { Mutant } from "./Mutant.ts"

export interface Options {
  readonly chosen: ReadonlyArray<Mutant>
  /** Shows them instead of running them. */
  readonly isList: boolean
  /** Copies of the project, each with a mutant of its own at a time. */
  readonly lanes: number
}

export const usage = `Usage: npm run mutants -- [options] [name …]

  Puts known defects into copies of the project, one at a time. A test must fail because of each.
  Without a name, those run that are quick enough for every run; the others are listed with their last run.

  --all        run all of them
  --list       show them, and what is to kill them, and run none
  --lanes <n>  mutants at a time, 1 to 8; 2 when absent
  --help

A mutant is test/mutants/patches/<name>.patch, a unified diff behind a header:

  Defect: what it is, and what it would cost.
  Killed by: unit test/a/B.test.ts > suite > test
  Killed by: integration test/a/C.integration.test.ts
  Killed by: matrix sale / claimed / paused
  By hand: 2026-01-31, 90 s, by sale / claimed / paused / none

What is to kill it is tried in this order: a test or a file of tests with its project, or cells of npm run matrix.
By hand is for those that take too long. A line that begins with a space goes on with the one before.`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>, mutants: ReadonlyArray<Mutant>): Options | "help" => {
  const { positionals, values } = readArguments(args)
  if (values.help === true) return "help"
  if (values.all === true && positionals.length > 0) throw new BadArguments("Give --all or names, not both")
  const unknown = positionals.find((wanted) => mutants.every(({ name }) => name !== wanted))
  if (unknown !== undefined) {
    throw new BadArguments(`There is no mutant "${unknown}", only ${mutants.map(({ name }) => name).join(", ")}`)
  }
  return {
    chosen: mutants.filter(({ byHand, name }) =>
      positionals.length > 0 ? positionals.includes(name) : values.all === true || values.list || byHand === null
    ),
    isList: values.list === true,
    lanes: integer("lanes", values.lanes, 2, 8)
  }
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        all: { type: "boolean" },
        list: { type: "boolean" },
        lanes: { type: "string" },
        help: { type: "boolean" }
      }
    })
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
