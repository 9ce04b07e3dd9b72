import { Predicate } from "effect"

/** Rules about files that are not TypeScript of ours. Each takes texts and returns what is wrong with them. */

const groups = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]

/** Dependencies whose version may change between two installs, as `name@range`. */
export const looseDependencies = (manifest: unknown): ReadonlyArray<string> =>
  groups
    .flatMap((group) => entries(field(manifest, group)))
    .filter(([, version]) => typeof version !== "string" || !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))
    .map(([name, version]) => `${name}@${version}`)

/** Locked packages that name the host they came from, or that no hash protects. */
export const looseLocks = (lock: unknown): ReadonlyArray<string> =>
  entries(field(lock, "packages"))
    .filter(([path]) => path !== "")
    .filter(([, entry]) => Predicate.hasProperty(entry, "resolved") || !Predicate.hasProperty(entry, "integrity"))
    .map(([path]) => path)

/**
 * Dependencies that a locked package names and the lock does not hold, as `package: dependency`. `npm ci` refuses such
 * a lock, and npm writes one without a word when a registry lacks a package for some other platform.
 */
export const missingLocks = (lock: unknown): ReadonlyArray<string> => {
  const packages = new Map(entries(field(lock, "packages")))
  const holds = (from: string, name: string): boolean =>
    packages.has(`${from === "" ? "" : `${from}/`}node_modules/${name}`) ||
    (from !== "" && holds(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name))
  return [...packages].flatMap(([from, entry]) =>
    ["dependencies", "optionalDependencies"]
      .flatMap((group) => entries(field(entry, group)))
      .filter(([name]) => !holds(from, name))
      .map(([name]) => `${from}: ${name}`)
  )
}

const field = (value: unknown, name: string): unknown => (Predicate.hasProperty(value, name) ? value[name] : undefined)

const entries = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  Predicate.isObject(value) ? Object.entries(value) : []

/** What stands between these migration files and one gapless, forward sequence. */
export const misnumbered = (files: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.toSorted().flatMap((file, index) => {
    const expected = String(index + 1).padStart(4, "0")
    if (!/^\d{4}_[a-z0-9]+(_[a-z0-9]+)*(\.unwrapped)?\.sql$/.test(file)) {
      return [`${file}: name it NNNN_noun.sql or NNNN_noun.unwrapped.sql`]
    }
    return file.startsWith(`${expected}_`) ? [] : [`${file}: ${expected} comes next`]
  })

/** Released migrations that are gone or no longer what was released. Both records map a file to its SHA-256. */
export const edited = (
  released: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>>
): ReadonlyArray<string> => Object.keys(released).filter((file) => present[file] !== released[file])

/** Lines that hold a path of one particular machine. */
export const machinePaths = (text: string): ReadonlyArray<string> =>
  text.split("\n").filter((line) => /(?<![\w.-])\/(work|tmp\/bash_jobs[\w.]*)\//.test(line))

/** Reminders left in a file whose comments are not told from its code. */
export const reminders = (text: string): ReadonlyArray<string> =>
  text.split("\n").filter((line) => /(--|#).*\b(TODO|FIXME|XXX|HACK)\b/.test(line))
