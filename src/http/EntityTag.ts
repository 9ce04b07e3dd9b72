import { createHash } from "node:crypto"

/** Tags of one kind of resource. */
export interface EntityTags {
  readonly of: (version: number) => string
  /** Whether an `If-None-Match` names this version. `*` names every one (RFC 9110, section 13.1.2). */
  readonly isNamed: (header: string, version: number) => boolean
  /**
   * The versions that an `If-Match` names; null: any will do. A weak tag is as good as a strong one here: clients get
   * no other, and what is compared is the version of the row, without which nothing changes.
   */
  readonly named: (header: string) => ReadonlyArray<number> | null
}

/**
 * Weak tags (RFC 9110, section 8.8.3) from the version of a row. `shape` is an example of what is made of it: another
 * release may show the same row in another way, and then no tag of the old one holds.
 */
export const entityTags = (shape: object): EntityTags => {
  const kind = createHash("sha256").update(JSON.stringify(shape)).digest("base64url").slice(0, 8)
  const versionIn = new RegExp(`^(?:W/)?"${kind}-([1-9]\\d{0,8})"$`)
  const opaque = (version: number) => `"${kind}-${version}"`
  return {
    of: (version) => `W/${opaque(version)}`,
    isNamed: (header, version) =>
      header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === opaque(version)),
    named: (header) =>
      header.trim() === "*"
        ? null
        : header.split(",").flatMap((tag) => {
            const [, version] = versionIn.exec(tag.trim()) ?? []
            return version === undefined ? [] : [Number(version)]
          })
  }
}
