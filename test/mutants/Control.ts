import type { Finding } from "./Finding.ts"
import { type Killer, nameOf, type TestKiller } from "./Killer.ts"
import type { Mutant } from "./Mutant.ts"
import { runSlice } from "./Slice.ts"
import { type Place, runTests } from "./Tests.ts"

/** What runs together before anything is changed: a failure that is there already would kill every mutant. */
type Control = (place: Place) => Promise<ReadonlyArray<string>>

/** Each says what is wrong with the project as it stands. */
export const controlsOf = (mutants: ReadonlyArray<Mutant>): ReadonlyArray<Control> => {
  const killers = [...new Map(mutants.flatMap(({ killers }) => killers).map((each) => [nameOf(each), each])).values()]
  const tests = Map.groupBy(killers.filter(isTest), ({ project, test }) => `${project} ${test === null}`)
  return [
    ...killers.flatMap(
      (killer): ReadonlyArray<Control> =>
        killer.kind === "matrix" ? [async (place) => problemsOf(await runSlice(killer, place), [])] : []
    ),
    ...[...tests.values()].map(
      (together): Control =>
        async (place) =>
          problemsOf(await runTests(together, place, false), together)
    )
  ]
}

const isTest = (killer: Killer): killer is TestKiller => killer.kind === "test"

/** A name that no test has would let every mutant live. */
const problemsOf = (finding: Finding, killers: ReadonlyArray<TestKiller>): ReadonlyArray<string> => {
  if (finding._tag !== "Passed") return [finding._tag === "Killed" ? finding.by : finding.why]
  return killers
    .filter(({ path, test }) => !finding.tests.some((name) => isOf(name, test === null ? path : `${path} > ${test}`)))
    .map((killer) => `${nameOf(killer)}: there is no such test`)
}

const isOf = (name: string, wanted: string) => name === wanted || name.startsWith(`${wanted} > `)
