import { type Place, parse, type Source } from "./TidySource.ts"

/** A text, and the file it stands in when that matters to the rule. */
export type Sample = string | { readonly path: string; readonly text: string }

/** A house rule with its own tests: it must find something in each `wrong` sample and nothing in each `right` one. */
export interface Rule {
  readonly name: string
  /** What to do instead. */
  readonly instead: string
  /** Offsets of what breaks the rule. */
  readonly find: (source: Source) => ReadonlyArray<number>
  /** Holds in `test/` as well as in `src/`. */
  readonly isForTests?: true
  readonly except?: ReadonlyArray<Exception>
  readonly wrong: readonly [Sample, ...ReadonlyArray<Sample>]
  readonly right: readonly [Sample, ...ReadonlyArray<Sample>]
}

export interface Exception {
  readonly files: RegExp
  readonly because: string
}

const isExcepted = ({ except }: Rule, path: string): boolean => (except ?? []).some(({ files }) => files.test(path))

/** `file:line` of whatever breaks the rule. */
export const violations = (rule: Rule, source: Source): ReadonlyArray<string> =>
  isExcepted(rule, source.path)
    ? []
    : rule.find(source).map((offset) => `${source.path}:${source.lineOf(offset)} ${rule.name}: ${rule.instead}`)

export const parseSample = (sample: Sample): Source =>
  typeof sample === "string" ? parse("src/payments/Payments.ts", sample) : parse(sample.path, sample.text)

/** Finds syntax nodes. */
export const nodes =
  (matches: (place: Place, source: Source) => boolean): Rule["find"] =>
  (source) =>
    source.places.filter((place) => matches(place, source)).map(({ node }) => node.start)

/** Finds comments. */
export const comments =
  (matches: (text: string) => boolean): Rule["find"] =>
  (source) =>
    source.comments.filter(({ text }) => matches(text)).map(({ start }) => start)

/** Finds whole files, by their path. */
export const paths =
  (matches: (path: string) => boolean): Rule["find"] =>
  ({ path }) =>
    matches(path) ? [0] : []
