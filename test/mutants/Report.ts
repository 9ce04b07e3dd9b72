import { nameOf } from "./Killer.ts"
import type { Mutant } from "./Mutant.ts"
import type { Verdict } from "./Trial.ts"

export const lineOf = ({ detail, end, mutant, seconds }: Verdict): string =>
  `${words[end]} ${mutant.name}, ${seconds.toFixed(1)} s: ${detail}`

const words = { killed: "killed", survived: "SURVIVED", broken: "BROKEN" } as const

export const listOf = (mutants: ReadonlyArray<Mutant>): string =>
  mutants
    .map(({ byHand, defect, killers, name }) =>
      [
        name,
        `  ${defect}`,
        ...killers.map((killer) => `  by ${nameOf(killer)}`),
        ...(byHand === null ? [] : [`  not in every run: ${byHand}`])
      ].join("\n")
    )
    .join("\n\n")

/** All that ran as a table, what did not run, what no test has killed, and the counts. */
export const reportOf = (verdicts: ReadonlyArray<Verdict>, left: ReadonlyArray<Mutant>): string => {
  const count = (end: Verdict["end"]) => verdicts.filter((verdict) => verdict.end === end).length
  const broken = count("broken")
  return [
    "| Mutant | Defect | Killed by | Seconds |",
    "| - | - | - | - |",
    ...verdicts.map(({ detail, end, mutant, seconds }) => {
      const by = end === "killed" ? detail : words[end]
      return `| ${[mutant.name, mutant.defect, by, seconds.toFixed(1)].map(cell).join(" | ")} |`
    }),
    "",
    ...left.map(({ byHand, name }) => `not run: ${name}${byHand === null ? "" : ` (last on ${byHand})`}`),
    ...verdicts
      .filter(({ end }) => end !== "killed")
      .map(({ detail, end, mutant }) => `${words[end]} ${mutant.name}: ${detail}`),
    `${verdicts.length + left.length} mutants: ${count("killed")} killed, ${count("survived")} survived, ${
      broken === 0 ? "" : `${broken} broken, `
    }${left.length} not run`
  ].join("\n")
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")
