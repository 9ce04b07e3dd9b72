/** Where the primary was at a time. */
interface Sample {
  readonly at_ms: number
  readonly position: number
}

/** A minute of looks: further back nothing is asked for. */
const remembered = 60

/**
 * How old what a replica shows is, found out by what the primary had at known times. A replica does not know it itself:
 * one whose primary is silent has all that it has heard of, and clocks of two machines differ.
 */
export const makeFreshness = (begun_ms: number) => {
  let awaited: ReadonlyArray<Sample> = []
  let current_ms = Number.NEGATIVE_INFINITY

  return {
    /** The primary was at `sample` before the replica was found to have come to `position`. */
    seen: (sample: Sample, position: number): void => {
      const samples = [...awaited, sample].slice(-remembered)
      const reached = samples.findLastIndex((each) => each.position <= position)
      current_ms = samples[reached]?.at_ms ?? current_ms
      awaited = samples.slice(reached + 1)
    },
    /** From when on what was committed may not be there yet. */
    current_ms: (): number => current_ms,
    /** Whether it had all there was when it was last looked at. */
    isCurrent: (): boolean => awaited.length === 0 && current_ms >= begun_ms,
    age_ms: (now_ms: number): number => now_ms - Math.max(current_ms, begun_ms)
  }
}
