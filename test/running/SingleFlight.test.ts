import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { makeSingleFlight } from "../../src/running/SingleFlight.ts"

describe("a single flight", () => {
  it.effect("is shared by all who ask for the same meanwhile, and by nobody afterwards", () =>
    Effect.gen(function* () {
      const alone = yield* makeSingleFlight<string>()
      const gates = new Map<string, Deferred.Deferred<void>>()
      const flights: Array<string> = []
      for (const key of ["a", "b"]) gates.set(key, yield* Deferred.make<void>())
      const ask = (key: string) =>
        Effect.forkChild(
          alone(
            key,
            Effect.suspend(() => {
              flights.push(key)
              const gate = gates.get(key)
              return gate === undefined ? Effect.void : Deferred.await(gate)
            })
          ),
          { startImmediately: true }
        )
      const [first, second, other] = [yield* ask("a"), yield* ask("a"), yield* ask("b")]
      assert.deepStrictEqual(flights, ["a", "b"])
      yield* Fiber.interrupt(first)
      for (const gate of gates.values()) yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(second)
      yield* Fiber.join(other)
      yield* Fiber.join(yield* ask("a"))
      assert.deepStrictEqual(flights, ["a", "b", "a"])
    })
  )

  it.effect("is shared also where whoever asked first was interrupted just then", () =>
    Effect.gen(function* () {
      const alone = yield* makeSingleFlight<string>()
      const go = yield* Deferred.make<void>()
      let flights = 0
      const flight = (caller: Fiber.Fiber<unknown, unknown>) =>
        Effect.andThen(
          Effect.sync(() => {
            flights++
            caller.interruptUnsafe()
          }),
          Deferred.await(go)
        )
      yield* Fiber.await(yield* Effect.forkChild(Effect.withFiber((caller) => alone("a", flight(caller)))))
      const second = yield* Effect.forkChild(Effect.withFiber((caller) => alone("a", flight(caller))))
      for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.await(second)
      assert.strictEqual(flights, 1)
    })
  )

  it.effect("that is over at once is forgotten too", () =>
    Effect.gen(function* () {
      const alone = yield* makeSingleFlight<string>()
      let flights = 0
      const flight = Effect.sync(() => void flights++)
      yield* alone("a", flight)
      yield* alone("a", flight)
      assert.strictEqual(flights, 2)
    })
  )
})
