import { dollars, violationsText } from "./Report.ts"
import type { Outcome } from "./Stage.ts"

const faults = ["CCE1 ANSWER_LOST", "CCE1 REQUEST_LOST", "CCE7 ANSWER_LOST", "CCE7 REQUEST_LOST"] as const

/** EPX's two minutes, and what it takes to write down how they ended. */
const bound_s = 130

/** Everything that is promised of these sales and does not hold. */
export const complaintsOf = ({ counts, ours, payments, slowest_s, theirs, violations }: Outcome) => {
  const count = (name: string) => counts.get(name) ?? 0
  const left = count("left to people: sale")
  const definite = ["captured", "declined", "failed", "reversed"].reduce(
    (all, name) => all + count(`payments ${name}`),
    0
  )
  return [
    ...violations.map(({ detail, rule }) => `${rule}: ${detail}`),
    ...(ours === theirs ? [] : [`our books say ${dollars(ours)}, and EPX's ${dollars(theirs)}`]),
    ...(slowest_s <= bound_s ? [] : [`a sale was decided after ${slowest_s.toFixed(1)} s`]),
    // A sale that never left for EPX has failed, and was asked for again.
    ...(definite + left >= payments
      ? []
      : [`of ${payments} sales ${definite} are definite, and ${left} left to people`]),
    ...(left === count("payments unknown") ? [] : ["not all that is unknown stands in the queue of exceptions"]),
    ...(count(confirmed) === 0 ? [] : [`${count(confirmed)} are left to people although their denials were confirmed`])
  ]
}

const single = "left to people with one answered reversal: sale"
const unconfirmed = "left to people with answered reversals too close together: sale"
const confirmed = "left to people with confirmed answers: sale"

/** One day of sales, for people. */
export const salesText = (outcome: Outcome): string => {
  const { counts, hash, ours, payments, seed, slowest_s, theirs } = outcome
  const count = (name: string) => counts.get(name) ?? 0
  const none = count("left to people: sale") - count(single) - count(unconfirmed) - count(confirmed)
  const complaints = complaintsOf(outcome)
  return [
    `seed ${seed}: ${payments} sales`,
    ...faults.map((name) => `${String(count(`fault: ${name}`)).padStart(9)}  ${name}`),
    ...["captured", "declined", "reversed", "failed", "unknown"].map(
      (name) => `${String(count(`payments ${name}`)).padStart(9)}  payments ${name}`
    ),
    `the slowest of those that were decided took ${slowest_s.toFixed(1)} s`,
    `our books ${dollars(ours)}, EPX's ${dollars(theirs)}, without what people have to find out`,
    `in the queue of exceptions: ${none} of which every reversal was lost, ${count(single)} of which all but one, ` +
      `${count(unconfirmed)} of which those were lost that could have confirmed a denial`,
    ...outcome.exceptions.map((text) => `  ${text}`),
    ...(outcome.violations.length === 0 ? [] : [violationsText(outcome)]),
    ...complaints.map((text) => `WRONG: ${text.slice(0, 300)}`),
    `trace ${hash}`,
    complaints.length === 0 ? "everything held" : `${complaints.length} things do not hold`
  ].join("\n")
}
