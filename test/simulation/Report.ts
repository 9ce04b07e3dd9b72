import type { Outcome } from "./Stage.ts"

const longest = 400

/** The counts in the order of their names, one a line. */
export const countsText = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `${String(count).padStart(9)}  ${name}`)
    .join("\n")

/** What does not hold, each with all that happened about its payment. */
export const violationsText = ({ violations }: Outcome): string =>
  violations
    .slice(0, longest)
    .map(({ detail, history, rule }) => [`VIOLATION ${rule}: ${detail}`, ...history].join("\n"))
    .join("\n\n")

export const command = ({ payments, seed }: Pick<Outcome, "payments" | "seed">, usualPayments: number): string =>
  `npm run simulate -- --seed ${seed}${payments === usualPayments ? "" : ` --payments ${payments}`}`

export const dollars = (cents: number): string => `$${(cents / 100).toFixed(2)}`

/** One scenario, in full. */
export const outcomeText = (outcome: Outcome): string => {
  const { counts, hash, ours, payments, statements, theirs, violations, virtual_s } = outcome
  return [
    `seed ${outcome.seed}: ${payments} payments in ${Math.round(virtual_s)} virtual seconds, ${statements} statements`,
    countsText(counts),
    `our books ${dollars(ours)}, EPX's ${dollars(theirs)}`,
    ...(violations.length === 0 ? [] : [violationsText(outcome)]),
    `trace ${hash}`,
    `${violations.length} violations`
  ].join("\n")
}

/** Several scenarios, added up. */
export const sum = (counts: ReadonlyArray<ReadonlyMap<string, number>>): ReadonlyMap<string, number> => {
  const all = new Map<string, number>()
  for (const each of counts) for (const [name, count] of each) all.set(name, (all.get(name) ?? 0) + count)
  return all
}
