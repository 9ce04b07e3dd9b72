/** Part of a list, and whether more follows. */
export interface Page<A> {
  readonly data: ReadonlyArray<A>
  readonly has_more: boolean
}

/** The page of a list that was read one longer than `limit`. */
export const pageOf =
  (limit: number) =>
  <A>(found: ReadonlyArray<A>): Page<A> => ({ data: found.slice(0, limit), has_more: found.length > limit })
