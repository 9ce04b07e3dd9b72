import { Context, Deferred, Duration, Effect, Layer, Option, Semaphore } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { ProfileUnderWay } from "../domain/ProfileUnderWay.ts"
import { type CpuProfile, cpuProfileOf, type HeapProfile, heapProfileOf } from "./Profiler.ts"
import { type ProfileNote, ProfilesRepo } from "./ProfilesRepo.ts"

/** What this process does with its time and its memory, taken for so many seconds while it works, one at a time. */
export class Profiles extends Context.Service<
  Profiles,
  {
    cpu(seconds: number): Effect.Effect<CpuProfile, ProfileUnderWay | DatabaseUnavailable>
    heap(seconds: number): Effect.Effect<HeapProfile, ProfileUnderWay | DatabaseUnavailable>
    /** Ends what is being taken: whoever waits for it gets it as far as it has come. */
    readonly end: Effect.Effect<void>
  }
>()("payment-service/profiles/Profiles") {
  static readonly layer = Layer.effect(
    Profiles,
    Effect.gen(function* () {
      const repo = yield* ProfilesRepo
      const place = yield* Semaphore.make(1)
      const ended = yield* Deferred.make<void>()
      const during = (seconds: number) => Effect.timeoutOption(Deferred.await(ended), Duration.seconds(seconds))

      // None is taken that is not on record; of one that is, its client may have gone before it began.
      const alone = <A>(note: ProfileNote, profileOf: (meanwhile: Effect.Effect<unknown>) => Effect.Effect<A>) =>
        Effect.andThen(Effect.uninterruptible(repo.note(note)), profileOf(during(note.seconds))).pipe(
          Semaphore.withPermitsIfAvailable(place, 1),
          Effect.flatMap(Option.match({ onNone: () => Effect.fail(new ProfileUnderWay()), onSome: Effect.succeed }))
        )

      return Profiles.of({
        cpu: Effect.fn("Profiles.cpu")((seconds: number) => alone({ kind: "cpu", seconds }, cpuProfileOf)),
        heap: Effect.fn("Profiles.heap")((seconds: number) => alone({ kind: "heap", seconds }, heapProfileOf)),
        end: Effect.asVoid(Deferred.succeed(ended, undefined))
      })
    })
  )
}
