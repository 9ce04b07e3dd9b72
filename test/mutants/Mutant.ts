import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Killer, parseKiller } from "./Killer.ts"
import { BadMutant, type Patch, parsePatch } from "./Patch.ts"

/** A known defect, and what is to find it. */
export interface Mutant {
  readonly name: string
  /** What it is, and what it would cost. */
  readonly defect: string
  /** Tried in this order until one of them kills. */
  readonly killers: ReadonlyArray<Killer>
  /** Too slow for every run: when somebody last ran it, and what killed it then. */
  readonly byHand: string | null
  readonly patch: Patch
}

const folder = "test/mutants/patches"

/** All there are, by name. */
export const readMutants = (root: string): ReadonlyArray<Mutant> =>
  readdirSync(join(root, folder))
    .sort()
    .map((file) => parseMutant(file, readFileSync(join(root, folder, file), "utf8")))

export const parseMutant = (file: string, text: string): Mutant => {
  try {
    const name = /^([a-z0-9]+(?:-[a-z0-9]+)*)\.patch$/.exec(file)?.[1]
    if (name === undefined) throw new BadMutant("Name it words-in-lower-case.patch")
    const start = text.search(/^(?:diff |--- )/m)
    return { name, ...parseHeader(start < 0 ? text : text.slice(0, start)), patch: patchOf(text, start) }
  } catch (error) {
    throw error instanceof BadMutant ? new BadMutant(`${folder}/${file}: ${error.message}`) : error
  }
}

const patchOf = (text: string, start: number): Patch => {
  if (start < 0) throw new BadMutant("There is no patch behind the header")
  return parsePatch(text.slice(start))
}

const keys = ["Defect", "Killed by", "By hand"] as const

/** Lines `Key: text`; a line that begins with a space goes on with the one before. */
const parseHeader = (header: string): Pick<Mutant, "defect" | "killers" | "byHand"> => {
  const entries: Array<{ readonly key: string; readonly text: string }> = header
    .trimEnd()
    .replaceAll(/\n +/g, " ")
    .split("\n")
    .map((line) => {
      const [, key = "", text = ""] = /^([A-Z][a-z ]+): (\S.*)$/.exec(line) ?? []
      if (keys.some((known) => known === key)) return { key, text }
      throw new BadMutant(`A header has lines of ${keys.join(", ")}, not "${line}"`)
    })
  const [defect, ...more] = textsOf(entries, "Defect")
  const killers = textsOf(entries, "Killed by").map(parseKiller)
  const [byHand = null, ...others] = textsOf(entries, "By hand")
  if (defect === undefined || more.length > 0) throw new BadMutant("A header has one line Defect")
  if (killers.length === 0) throw new BadMutant("A header has at least one line Killed by")
  if (others.length > 0 || (byHand !== null && !/^\d{4}-\d\d-\d\d, \S/.test(byHand))) {
    throw new BadMutant("By hand stands once, and is a date, a comma and what killed it: 2026-01-31, 90 s, by …")
  }
  return { defect, killers, byHand }
}

const textsOf = (
  entries: ReadonlyArray<{ readonly key: string; readonly text: string }>,
  wanted: (typeof keys)[number]
): ReadonlyArray<string> => entries.filter(({ key }) => key === wanted).map(({ text }) => text)
