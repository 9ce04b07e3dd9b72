/** What is wrong with a patch or its header, in words for whoever wrote it. */
export class BadMutant extends Error {}

/** One place of a file: the lines that must be there, and those that take their place. */
interface Hunk {
  /** Where they stood when the patch was made, counted from 1. */
  readonly line: number
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
}

/** A unified diff of files that exist. It is applied without git, which `npm test` must not need. */
export interface Patch {
  readonly files: ReadonlyArray<{ readonly path: string; readonly hunks: ReadonlyArray<Hunk> }>
}

const heading = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/

export const parsePatch = (text: string): Patch => {
  const lines = text.split("\n")
  const files: Array<{ readonly path: string; readonly hunks: ReadonlyArray<Hunk> }> = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ""
    if (line === "" || /^(diff|index) /.test(line)) at++
    else {
      const path = pathOf(line, lines[at + 1] ?? "")
      const hunks: Array<Hunk> = []
      at += 2
      for (let match = heading.exec(lines[at] ?? ""); match !== null; match = heading.exec(lines[at] ?? "")) {
        const hunk = hunkOf(match, lines, at + 1)
        hunks.push(hunk)
        at = hunk.end
      }
      if (hunks.length === 0) throw new BadMutant(`The patch of ${path} changes nothing`)
      files.push({ path, hunks })
    }
  }
  if (files.length === 0) throw new BadMutant("There is no patch behind the header")
  return { files }
}

const pathOf = (from: string, to: string): string => {
  const path = /^--- a\/(\S+)$/.exec(from)?.[1]
  if (path === undefined || to !== `+++ b/${path}`) {
    throw new BadMutant(`Expected "--- a/<path>" and "+++ b/<the same path>", not "${from}" and "${to}"`)
  }
  return path
}

const hunkOf = (match: RegExpExecArray, lines: ReadonlyArray<string>, start: number): Hunk & { end: number } => {
  const [, line = "", had = "1", has = "1"] = match
  const before: Array<string> = []
  const after: Array<string> = []
  let end = start
  while (before.length < Number(had) || after.length < Number(has)) {
    const text = lines[end++]
    // Editors take the space from an empty line.
    const sign = text === "" ? " " : text?.[0]
    if (text === undefined || (sign !== " " && sign !== "-" && sign !== "+")) {
      throw new BadMutant(`The hunk "${match[0]}" has not as many lines as it says`)
    }
    if (sign !== "+") before.push(text.slice(1))
    if (sign !== "-") after.push(text.slice(1))
  }
  return { line: Number(line), before, after, end }
}

/** The files as the patch leaves them. Lines may have moved since it was made, but none that it knows has changed. */
export const applyPatch = (patch: Patch, read: (path: string) => string | undefined): ReadonlyMap<string, string> =>
  new Map(
    patch.files.map(({ hunks, path }) => {
      const text = read(path)
      if (text === undefined) throw new BadMutant(`The patch does not apply any more: there is no ${path}`)
      const lines = text.split("\n")
      let moved = 0
      for (const hunk of hunks) {
        const at = placeOf(hunk, lines, hunk.line - 1 + moved)
        if (at === undefined) throw new BadMutant(`The patch does not apply any more: ${path}, line ${hunk.line}`)
        lines.splice(at, hunk.before.length, ...hunk.after)
        moved = at - (hunk.line - 1) + hunk.after.length - hunk.before.length
      }
      return [path, lines.join("\n")]
    })
  )

/** The nearest place where all of its lines stand. */
const placeOf = ({ before }: Hunk, lines: ReadonlyArray<string>, expected: number): number | undefined =>
  lines
    .map((_, index) => index)
    .filter((index) => before.every((line, offset) => lines[index + offset] === line))
    .sort((a, b) => Math.abs(a - expected) - Math.abs(b - expected))[0]
