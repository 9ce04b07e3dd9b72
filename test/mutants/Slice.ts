import { runNode } from "./Child.ts"
import { endOf, type Finding } from "./Finding.ts"
import type { MatrixKiller } from "./Killer.ts"
import type { Place } from "./Tests.ts"

/** Runs these cells of the crash matrix. */
export const runSlice = async ({ words }: MatrixKiller, { copy, limit_s, signal }: Place): Promise<Finding> => {
  const ending = await runNode(
    [
      "--import",
      "./bin/node-version.mjs",
      "test/matrix/main.ts",
      "--stands=1",
      ...words.map((word) => `--only=${word}`)
    ],
    { cwd: copy, limit_s, signal }
  )
  if (ending.isTooLate) return { _tag: "Broken", why: `no end within ${limit_s} s\n${endOf(ending.output)}` }
  const name = `matrix ${words.join(" / ")}`
  const violations = Number(/ violations (\d+), /.exec(ending.output)?.[1])
  if (violations === 0 && ending.code === 0) return { _tag: "Passed", tests: [name] }
  // The table alone says that the cells were judged.
  if (!(violations > 0)) return { _tag: "Broken", why: `the matrix came to no verdict\n${endOf(ending.output)}` }
  return { _tag: "Killed", by: `matrix ${violation.exec(ending.output)?.[0] ?? words.join(" / ")}` }
}

/** What one cell was found to have done, as the matrix says it. */
const violation = /^\S.* \/ after=\w+ \/ lookups=\w+: .*$/m
