import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { makeFibers } from "../../src/running/Fibers.ts"

const Word = Context.Reference<string>("test/Word", { defaultValue: () => "none" })

const opened = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const fibers = yield* Effect.provideService(makeFibers, Scope.Scope, scope)
  return { fibers, close: Scope.close(scope, Exit.void) }
})

describe("fibers of the application", () => {
  it.effect("begin at once, with what is in the context, and outlive who began them", () =>
    Effect.gen(function* () {
      const { fibers } = yield* opened
      const go = yield* Deferred.make<void>()
      const heard: Array<string> = []
      const work = Effect.gen(function* () {
        heard.push(yield* Word)
        yield* Deferred.await(go)
        return "done"
      })
      const parent = yield* Effect.forkChild(Effect.provideService(fibers.run(work), Word, "given"))
      const child = yield* Fiber.join(parent)
      assert.deepStrictEqual(heard, ["given"])
      yield* Deferred.succeed(go, undefined)
      assert.strictEqual(yield* Fiber.join(child), "done")
    })
  )

  it.effect("are waited for, those that begin meanwhile included", () =>
    Effect.gen(function* () {
      const { fibers } = yield* opened
      const [first, second] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      yield* fibers.run(Effect.andThen(Deferred.await(first), fibers.run(Deferred.await(second))))
      const waiting = yield* Effect.forkChild(fibers.awaitEmpty, { startImmediately: true })
      yield* Deferred.succeed(first, undefined)
      for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      yield* Deferred.succeed(second, undefined)
      yield* Fiber.join(waiting)
    })
  )

  it.effect("are waited for also where whoever began one was interrupted just then", () =>
    Effect.gen(function* () {
      const { fibers } = yield* opened
      const go = yield* Deferred.make<void>()
      const work = (caller: Fiber.Fiber<unknown, unknown>) =>
        Effect.andThen(
          Effect.sync(() => caller.interruptUnsafe()),
          Deferred.await(go)
        )
      yield* Fiber.await(yield* Effect.forkChild(Effect.withFiber((caller) => fibers.run(work(caller)))))
      const waiting = yield* Effect.forkChild(fibers.awaitEmpty, { startImmediately: true })
      for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
      assert.isUndefined(waiting.pollUnsafe())
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(waiting)
    })
  )

  it.effect("are interrupted at the end of the scope, which waits for what they do last", () =>
    Effect.gen(function* () {
      const { close, fibers } = yield* opened
      const ended: Array<string> = []
      const cleaning = Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => ended.push("run"))
      )
      const run = yield* fibers.run(Effect.onInterrupt(Effect.never, () => cleaning))
      const forked = fibers.fork(Effect.onInterrupt(Effect.never, () => Effect.sync(() => ended.push("forked"))))
      yield* Effect.yieldNow
      yield* close
      assert.sameMembers(ended, ["run", "forked"])
      for (const fiber of [run, forked]) assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    })
  )

  it.effect("do not begin after the end of the scope", () =>
    Effect.gen(function* () {
      const { close, fibers } = yield* opened
      yield* close
      let hasBegun = false
      const work = Effect.sync(() => (hasBegun = true))
      for (const late of [yield* fibers.run(work), fibers.fork(work)]) {
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(late)))
      }
      assert.isFalse(hasBegun)
    })
  )

  it.effect("are forgotten once they are over", () =>
    Effect.gen(function* () {
      const { fibers } = yield* opened
      yield* fibers.run(Effect.void)
      yield* fibers.run(Effect.fail("no"))
      yield* fibers.awaitEmpty
    })
  )
})
