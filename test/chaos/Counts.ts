/** What happened, by kind. */
export class Counts {
  readonly #counts = new Map<string, number>()

  add(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }

  of(kind: string): number {
    return this.#counts.get(kind) ?? 0
  }

  toString(): string {
    const lines = [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind} ${count}`)
    return lines.join(", ") || "none"
  }
}
