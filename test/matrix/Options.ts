import { parseArgs } from "node:util"
import { type Cell, cells, wordsOf } from "./Cells.ts"

export interface Options {
  readonly cells: ReadonlyArray<Cell>
  /** Shows the cells instead of running them. */
  readonly isList: boolean
  /** Databases with a gateway and a service, each with a wave of its own at a time. */
  readonly stands: number
  /** Most cells of one wave. */
  readonly size: number
}

export const usage = `Usage: npm run matrix -- [options]

  --only <word>   only cells with this word: an operation ("void of sale"), a kind of call ("void"), a boundary, a blow,
                  a fault, "after=<fault>" or "lookups=<state>"; several must all hold
  --list          show the cells and run none
  --stands <n>    databases and gateways at a time, 1 to 8; 2 when absent
  --size <n>      most cells that go on together, 1 to 500; 150 when absent
  --help

Operations, boundaries and faults are those of the code: see --list.`

/** What is wrong with the arguments, in words for whoever typed them. */
export class BadArguments extends Error {}

export const parseOptions = (args: ReadonlyArray<string>): Options | "help" => {
  const values = readArguments(args)
  if (values.help === true) return "help"
  const words = values.only ?? []
  const chosen = cells.filter((cell) => words.every((word) => wordsOf(cell).includes(word)))
  if (chosen.length === 0) throw new BadArguments(`No cell has all of: ${words.join(", ")}`)
  return {
    cells: chosen,
    isList: values.list === true,
    stands: integer("stands", values.stands, 2, 8),
    size: integer("size", values.size, 150, 500)
  }
}

const readArguments = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: "string", multiple: true },
        list: { type: "boolean" },
        stands: { type: "string" },
        size: { type: "string" },
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
