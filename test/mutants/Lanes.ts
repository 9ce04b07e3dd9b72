/** Does each job with one of the places, as many at a time as there are places. It ends when none is at work. */
export const inLanes = async <Job, Place, A>(
  jobs: ReadonlyArray<Job>,
  places: ReadonlyArray<Place>,
  work: (job: Job, place: Place) => Promise<A>
): Promise<ReadonlyArray<A>> => {
  const results: Array<A> = []
  const waiting = jobs.entries()
  const ends = await Promise.allSettled(
    places.map(async (place) => {
      for (const [index, job] of waiting) results[index] = await work(job, place)
    })
  )
  const failed = ends.find((end) => end.status === "rejected")
  if (failed !== undefined) throw failed.reason
  return results
}
