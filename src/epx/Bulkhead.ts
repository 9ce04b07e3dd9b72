import { Deferred, Effect, Option } from "effect"
import { notSent } from "./Exchange.ts"
import type { Fence } from "./Fence.ts"
import type { NotSent } from "./Result.ts"

/** Charges share their places; the resolver has its own, because it is needed most when all charges hang. */
export type Lane = "charges" | "resolver"

/** So many calls under way and so many in front of them, first come, first served; further ones are turned away. */
export class Bulkhead {
  readonly #places: number
  readonly #queued: number
  readonly #queue = new Set<Deferred.Deferred<void>>()
  #inFlight = 0

  constructor(places: number, queued: number) {
    this.#places = places
    this.#queued = queued
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get queued(): number {
    return this.#queue.size
  }

  /**
   * Takes a place, which is held until `leave`; or says why not. It must be called where nothing interrupts, or a place
   * could be lost; only the wait in the queue is interruptible, by `restore`.
   */
  enter(fence: Fence, restore: <A>(wait: Effect.Effect<A>) => Effect.Effect<A>): Effect.Effect<Option.Option<NotSent>> {
    return Effect.suspend(() => {
      const left = fence.left()
      if (left < 0) return Effect.succeedSome(notSent("fence", "the fence had passed"))
      if (this.#inFlight < this.#places) {
        this.#inFlight++
        return Effect.succeedNone
      }
      if (this.#queue.size >= this.#queued) {
        return Effect.succeedSome(notSent("overload", `${this.#inFlight} calls under way, ${this.#queue.size} waiting`))
      }
      const turn = Deferred.makeUnsafe<void>()
      this.#queue.add(turn)
      const withdraw = Effect.sync(() => this.#withdraw(turn))
      return restore(Effect.timeoutOption(Deferred.await(turn), left)).pipe(
        Effect.onInterrupt(() => withdraw),
        // A call that cannot begin makes way in the same turn: a whole queue of them would exhaust the stack.
        Effect.tap(() => Effect.yieldNow),
        Effect.flatMap((entered) => {
          if (Option.isSome(entered) && fence.left() >= 0) return Effect.succeedNone
          return Effect.as(withdraw, Option.some(notSent("fence", "no free place before the fence")))
        })
      )
    })
  }

  /** Hands the place to whoever waits longest. */
  leave(): void {
    for (const next of this.#queue) {
      this.#queue.delete(next)
      Deferred.doneUnsafe(next, Effect.void)
      return
    }
    this.#inFlight--
  }

  // One that is in the queue no more was given a place, in the very moment it stopped waiting.
  #withdraw(turn: Deferred.Deferred<void>): void {
    if (!this.#queue.delete(turn)) this.leave()
  }
}
