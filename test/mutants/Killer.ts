import { BadMutant } from "./Patch.ts"

/** A file of tests, or one test of it by its full name, as Vitest shows it. */
export interface TestKiller {
  readonly kind: "test"
  readonly project: "unit" | "integration" | "slow"
  readonly path: string
  readonly test: string | null
}

/** Cells of the crash matrix, by the words they are chosen by. */
export interface MatrixKiller {
  readonly kind: "matrix"
  readonly words: ReadonlyArray<string>
}

export type Killer = TestKiller | MatrixKiller

const projects = ["unit", "integration", "slow"] as const

/** `unit test/a/B.test.ts > suite > test`, or `matrix sale / claimed / paused`. */
export const parseKiller = (text: string): Killer => {
  const [, kind = "", rest = ""] = /^(\S+) (\S.*)$/.exec(text) ?? []
  if (kind === "matrix") return { kind, words: rest.split(" / ") }
  const project = projects.find((name) => name === kind)
  const [, path, test = null] = /^(test\/\S+\.test\.ts)(?: > (\S.*))?$/.exec(rest) ?? []
  if (project !== undefined && path !== undefined && project === projectOf(path)) {
    return { kind: "test", project, path, test }
  }
  throw new BadMutant(
    `Killed by is "unit|integration|slow test/….test.ts", maybe with " > suite > test", or "matrix word / word", not "${text}"`
  )
}

/** The endings by which the projects in vitest.config.ts choose their files. */
const projectOf = (path: string): TestKiller["project"] =>
  projects.find((name) => path.endsWith(`.${name}.test.ts`)) ?? "unit"

export const nameOf = (killer: Killer): string =>
  killer.kind === "matrix"
    ? `matrix ${killer.words.join(" / ")}`
    : [`${killer.project} ${killer.path}`, ...(killer.test === null ? [] : [killer.test])].join(" > ")
