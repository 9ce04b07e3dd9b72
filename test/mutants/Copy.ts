import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"

/** What was made elsewhere or belongs to one run; the rest is the project as it stands, committed or not. */
const left: ReadonlySet<string> = new Set(["node_modules", ".git", ".local"])

/** Copies of the project to be changed and thrown away. */
export const makeCopies = (root: string, count: number) => {
  // Vitest tells files by their real paths.
  const parent = realpathSync(mkdtempSync(join(tmpdir(), "mutants-")))
  const remove = () => rmSync(parent, { recursive: true, force: true, maxRetries: 10 })
  try {
    const copies = Array.from({ length: count }, (_, number) => copyTo(root, join(parent, String(number))))
    return { copies, remove }
  } catch (error) {
    remove()
    throw error
  }
}

const copyTo = (root: string, to: string): string => {
  cpSync(root, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !left.has(relative(root, path))
  })
  linkModules(join(root, "node_modules"), join(to, "node_modules"))
  return to
}

/** Each package by itself: tools keep caches beside them, which must not be those of the project. */
const linkModules = (from: string, to: string): void => {
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    if (name === ".bin" || !name.startsWith(".")) symlinkSync(join(from, name), join(to, name))
  }
}
