import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Exchange, notSent } from "../../src/epx/Exchange.ts"

/** undici's side of an exchange. */
const controller = () => {
  const aborts: Array<string> = []
  return {
    aborts,
    aborted: false,
    paused: false,
    reason: null,
    abort: (reason: Error) => void aborts.push(reason.message),
    pause: () => {},
    resume: () => {}
  }
}

const openFence = { left: () => 1 }
const passedFence = { left: () => -1 }
const ignore = () => {}

describe("Exchange", () => {
  it.effect("lets nothing through once the fence has passed", () =>
    Effect.gen(function* () {
      const exchange = new Exchange(passedFence, ignore)
      const undici = controller()
      exchange.onRequestStart(undici)
      assert.lengthOf(undici.aborts, 1)
      assert.deepInclude(yield* Deferred.await(exchange.ended), { _tag: "NotSent", reason: "fence" })
    })
  )

  it.effect("lets nothing through after it was withdrawn", () =>
    Effect.gen(function* () {
      const exchange = new Exchange(openFence, ignore)
      const undici = controller()
      exchange.withdraw(notSent("fence", "test"))
      exchange.onRequestStart(undici)
      assert.lengthOf(undici.aborts, 1)
      assert.deepInclude(yield* Deferred.await(exchange.ended), { _tag: "NotSent", detail: "test" })
    })
  )

  it.effect("lets nothing through after it was abandoned", () =>
    Effect.gen(function* () {
      const exchange = new Exchange(openFence, ignore)
      const undici = controller()
      exchange.abandon("test")
      exchange.onRequestStart(undici)
      assert.lengthOf(undici.aborts, 1)
      assert.deepInclude(yield* Deferred.await(exchange.ended), { _tag: "NotSent", reason: "interrupted" })
    })
  )

  it.effect("lets nothing through twice, and stays in doubt", () =>
    Effect.gen(function* () {
      const exchange = new Exchange(openFence, ignore)
      const [first, second] = [controller(), controller()]
      exchange.onRequestStart(first)
      exchange.onRequestStart(second)
      assert.lengthOf(first.aborts, 0)
      assert.lengthOf(second.aborts, 1)
      exchange.onResponseError(second, new Error(second.aborts[0]))
      assert.deepInclude(yield* Deferred.await(exchange.ended), { _tag: "InDoubt", reason: "no_answer" })
    })
  )

  it.effect("cannot be withdrawn once it was let through", () =>
    Effect.gen(function* () {
      const exchange = new Exchange(openFence, ignore)
      exchange.onRequestStart(controller())
      exchange.withdraw(notSent("fence", "test"))
      exchange.onResponseStart(controller(), 200, {})
      exchange.onResponseData(controller(), new Uint8Array([1]))
      exchange.onResponseEnd()
      assert.deepStrictEqual(yield* Deferred.await(exchange.ended), { _tag: "Answered", body: Buffer.from([1]) })
    })
  )

  it.effect("reads a body of 256 KiB and not one byte more", () =>
    Effect.gen(function* () {
      const limit = 256 * 1024
      for (const [size, ending] of [
        [limit, "Answered"],
        [limit + 1, "InDoubt"]
      ] as const) {
        const exchange = new Exchange(openFence, ignore)
        const undici = controller()
        exchange.onRequestStart(undici)
        exchange.onResponseStart(undici, 200, {})
        exchange.onResponseData(undici, new Uint8Array(size - 1))
        exchange.onResponseData(undici, new Uint8Array(1))
        exchange.onResponseEnd()
        assert.strictEqual((yield* Deferred.await(exchange.ended))._tag, ending)
        assert.lengthOf(undici.aborts, ending === "Answered" ? 0 : 1)
      }
    })
  )

  it.effect("releases its place once, and not before undici has let go of it", () =>
    Effect.gen(function* () {
      let released = 0
      const exchange = new Exchange(openFence, () => void released++)
      exchange.withdraw(notSent("fence", "test"))
      yield* Deferred.await(exchange.ended)
      assert.strictEqual(released, 0)
      exchange.onResponseError(controller(), new Error("test"))
      exchange.onResponseEnd()
      assert.strictEqual(released, 1)
    })
  )
})
