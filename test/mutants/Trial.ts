import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Finding } from "./Finding.ts"
import type { Mutant } from "./Mutant.ts"
import { applyPatch, BadMutant } from "./Patch.ts"
import { runSlice } from "./Slice.ts"
import { type Place, runTests } from "./Tests.ts"

/** What became of a mutant. */
export interface Verdict {
  readonly mutant: Mutant
  readonly end: "killed" | "survived" | "broken"
  /** What killed it, or why nothing is proved. */
  readonly detail: string
  readonly seconds: number
}

/** Puts a defect into a copy, looks who finds it, and takes it out again. */
export const tryMutant = async (mutant: Mutant, place: Place): Promise<Verdict> => {
  const start = performance.now()
  const { detail, end } = await ending(mutant, place)
  return { mutant, end, detail, seconds: (performance.now() - start) / 1_000 }
}

const ending = async (mutant: Mutant, place: Place): Promise<Pick<Verdict, "end" | "detail">> => {
  const original = reader(place.copy)
  const changed = changedBy(mutant, original)
  if (changed instanceof BadMutant) return { end: "broken", detail: changed.message }
  const before = [...changed.keys()].map((path) => [path, original(path) ?? ""] as const)
  try {
    write(place.copy, changed)
    for (const killer of mutant.killers) {
      const finding: Finding =
        killer.kind === "matrix" ? await runSlice(killer, place) : await runTests([killer], place, true)
      if (finding._tag === "Killed") return { end: "killed", detail: finding.by }
      if (finding._tag === "Broken") return { end: "broken", detail: finding.why }
    }
    return { end: "survived", detail: "no test has noticed it" }
  } finally {
    write(place.copy, before)
  }
}

const changedBy = ({ patch }: Mutant, read: (path: string) => string | undefined) => {
  try {
    return applyPatch(patch, read)
  } catch (error) {
    if (error instanceof BadMutant) return error
    throw error
  }
}

/** The text of a file of a project. */
export const reader = (root: string) => (path: string) =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined

const write = (root: string, texts: Iterable<readonly [path: string, text: string]>): void => {
  for (const [path, text] of texts) writeFileSync(join(root, path), text)
}
