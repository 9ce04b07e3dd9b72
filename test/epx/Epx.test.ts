import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, Layer, Metric, Random, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { AnswerXml } from "../../src/epx/AnswerXml.ts"
import type { Lane } from "../../src/epx/Bulkhead.ts"
import { Epx } from "../../src/epx/Epx.ts"
import { type Ending, notSent } from "../../src/epx/Exchange.ts"
import { makeFence } from "../../src/epx/Fence.ts"
import type { EpxRequest } from "../../src/epx/Request.ts"
import type { EpxResult } from "../../src/epx/Result.ts"
import { type Post, Wire } from "../../src/epx/Wire.ts"
import { answerToSale, cardRequests, timeoutReversal } from "./Examples.ts"
import { closedPort, httpAnswer, listen } from "./Ports.ts"

const sale = cardRequests.CCE1

const answered = (xml: string): Ending => ({ _tag: "Answered", body: new TextEncoder().encode(xml) })

const approval = answered(Schema.encodeSync(AnswerXml)(answerToSale({})))
const refused = notSent("connect", "ECONNREFUSED")
const silence: Ending = { _tag: "InDoubt", reason: "no_answer", detail: "ECONNRESET", answer: null }

interface Sent {
  readonly post: Post
  readonly at_ms: number
}

/** `Epx` over a wire that ends one post after the other as told, the last ending for ever. */
const over = (...endings: ReadonlyArray<Ending>) => {
  const posts: Array<Sent> = []
  const wire = Wire.of({
    post: (post) =>
      Effect.map(Clock.currentTimeMillis, (at_ms) => {
        posts.push({ post, at_ms })
        return endings[Math.min(posts.length, endings.length) - 1] ?? silence
      })
  })
  const layerOf = (hasBreaker: boolean) => Epx.layerWire({ hasBreaker }).pipe(Layer.provide(Layer.succeed(Wire, wire)))
  return { posts, layer: layerOf(true), layerWithout: layerOf(false) }
}

interface SendOptions {
  readonly sendBy?: number
  readonly lane?: Lane
}

const send = (request: EpxRequest, { lane, sendBy = 10_000 }: SendOptions = {}) =>
  Effect.flatMap(Epx, (epx) => Effect.flatMap(makeFence(sendBy), (fence) => epx.send(request, fence, lane)))

/** Lets the clock run until the call has ended. */
const sendThroughTime = (request: EpxRequest, options?: SendOptions) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(send(request, options))
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

describe("send", () => {
  it.effect("reads the answer", () => {
    const { layer, posts } = over(approval)
    return Effect.gen(function* () {
      assert.deepInclude(yield* send(sale), { _tag: "Replied", outcome: "approved" })
      assert.lengthOf(posts, 1)
      assert.include(posts[0]?.post.body ?? "", "TRAN_TYPE=CCE1&BATCH_ID=20260314&TRAN_NBR=1001&")
    }).pipe(Effect.provide(layer))
  })

  it.effect("gives each call the time that is its own", () => {
    const { layer, posts } = over(silence)
    return Effect.gen(function* () {
      yield* send(sale)
      yield* send(cardRequests.CCE4)
      yield* send(timeoutReversal)
      assert.deepStrictEqual(
        posts.map(({ post }) => post.limit_ms),
        [30_000, 45_000, 10_000]
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect.each([
    "",
    "OK",
    "<html><body>502 Bad Gateway</body></html>",
    "<RESPONSE><FIELDS></FIELDS></RESPONSE>",
    '<RESPONSE><FIELDS><FIELD KEY="AUTH_RESP">00</FIELD><FIELD KEY="AUTH_GUID">09LTEST'
  ])("is in doubt about an answer that cannot be read: %j", (xml) => {
    const { layer, posts } = over(answered(xml))
    return Effect.gen(function* () {
      assert.deepInclude(yield* sendThroughTime(sale), { _tag: "InDoubt", reason: "unreadable" })
      assert.lengthOf(posts, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect.each([
    silence,
    answered("garbage"),
    notSent("fence", ""),
    notSent("interrupted", ""),
    notSent("unconfigured", "")
  ])("never repeats $_tag $reason", (ending) => {
    const { layer, posts } = over(ending, approval)
    return Effect.gen(function* () {
      assert.notStrictEqual((yield* sendThroughTime(sale))._tag, "Replied")
      assert.lengthOf(posts, 1)
    }).pipe(Effect.provide(layer))
  })
})

describe("a failure to connect", () => {
  it.effect("is tried again three times with the same body and fence, ever later, and then reported", () => {
    const { layer, posts } = over(refused)
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* sendThroughTime(sale), refused)
      const waits = posts.slice(1).map(({ at_ms }, index) => at_ms - (posts[index]?.at_ms ?? 0))
      assert.lengthOf(waits, 3)
      for (const [index, base] of [200, 400, 800].entries()) {
        assert.isAtLeast(waits[index] ?? 0, base * 0.8)
        assert.isAtMost(waits[index] ?? 0, base * 1.2 + 1)
      }
      assert.strictEqual(new Set(posts.map(({ post }) => post.body)).size, 1)
      assert.strictEqual(new Set(posts.map(({ post }) => post.fence)).size, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is tried again at jittered times", () => {
    const { layer, posts } = over(refused)
    return Effect.gen(function* () {
      for (const seed of ["a", "b"]) yield* sendThroughTime(sale, { sendBy: 1_000_000 }).pipe(Random.withSeed(seed))
      const waits = (from: number) => posts.slice(from, from + 4).map(({ at_ms }) => at_ms - (posts[from]?.at_ms ?? 0))
      assert.notDeepEqual(waits(0), waits(4))
    }).pipe(Effect.provide(layer))
  })

  it.effect("is over with the first connection", () => {
    const { layer, posts } = over(refused, approval)
    return Effect.gen(function* () {
      assert.deepInclude(yield* sendThroughTime(sale), { _tag: "Replied", outcome: "approved" })
      assert.lengthOf(posts, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is not followed by a charge that is in doubt and then repeated", () => {
    const { layer, posts } = over(refused, silence, approval)
    return Effect.gen(function* () {
      assert.deepInclude(yield* sendThroughTime(sale), { _tag: "InDoubt", reason: "no_answer" })
      assert.lengthOf(posts, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("ends its wait at once when interrupted", () => {
    const { layer, posts } = over(refused)
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(send(sale))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(posts, 1)
    }).pipe(Effect.provide(layer))
  })
})

describe("a gateway that does not answer", () => {
  const summary = (result: EpxResult) => (result._tag === "Replied" ? result.outcome : result.reason)
  const isOpen = Effect.flatMap(Epx, (epx) => epx.isOpen("test"))

  it.effect("is spared further charges, at once and with nothing sent", () => {
    const { layer, posts } = over(silence)
    return Effect.gen(function* () {
      for (const _ of Array(5)) yield* send(sale)
      assert.isTrue(yield* isOpen)
      assert.deepInclude(yield* send(sale), { _tag: "NotSent", reason: "breaker_open" })
      assert.lengthOf(posts, 5)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is still asked by the resolver", () => {
    const { layer, posts } = over(...Array(5).fill(silence), approval)
    return Effect.gen(function* () {
      for (const _ of Array(5)) yield* send(sale)
      assert.strictEqual(summary(yield* send(sale, { lane: "resolver" })), "approved")
      assert.notStrictEqual(summary(yield* send(timeoutReversal)), "breaker_open")
      assert.isTrue(yield* isOpen)
      assert.deepStrictEqual(
        posts.map(({ post }) => post.lane),
        [...Array(5).fill("charges"), "resolver", "resolver"]
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("is not judged by the resolver's calls", () => {
    const { layer } = over(silence)
    return Effect.gen(function* () {
      for (const _ of Array(20)) {
        yield* send(timeoutReversal)
        yield* send(sale, { lane: "resolver" })
      }
      assert.isFalse(yield* isOpen)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is not spared where the breaker is left out", () => {
    const { layerWithout, posts } = over(silence)
    return Effect.gen(function* () {
      for (const _ of Array(20)) yield* send(sale)
      assert.isFalse(yield* isOpen)
      assert.lengthOf(posts, 20)
    }).pipe(Effect.provide(layerWithout))
  })

  it.effect("is judged by calls, however often each tried to connect", () => {
    const { layer, posts } = over(refused)
    return Effect.gen(function* () {
      for (const _ of Array(4)) yield* sendThroughTime(sale, { sendBy: 1_000_000 })
      assert.lengthOf(posts, 16)
      assert.isFalse(yield* isOpen)
      const fifth = yield* Effect.forkChild(send(sale, { sendBy: 1_000_000 }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fifth)
      assert.isTrue(yield* isOpen)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is known by its first failure to connect when no time is left for another attempt", () => {
    const { layer, posts } = over(refused, notSent("fence", "the fence had passed"))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* sendThroughTime(sale), refused)
      assert.lengthOf(posts, 2)
    }).pipe(Effect.provide(layer))
  })
})

describe("over a real port", () => {
  const url = (port: number) => new URL(`http://127.0.0.1:${port}`)
  const options = { keepAlive: false, allowPlain: true }

  it.effect("tries a closed port again until the fence, and reports that nothing was sent", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      yield* Effect.gen(function* () {
        // The clock stands still between attempts, so only the retries can end this.
        const fiber = yield* Effect.forkChild(send(sale))
        while (fiber.pollUnsafe() === undefined) {
          yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
          yield* TestClock.adjust("100 millis")
        }
        assert.deepInclude(yield* Fiber.join(fiber), { _tag: "NotSent", reason: "connect" })
        assert.isAtMost(yield* Clock.currentTimeMillis, 10_000)
      }).pipe(Effect.provide(Epx.layer({ urls: { test: url(port) }, ...options })))
    })
  )

  it.effect("reads an approval, and gives up on silence after 30 seconds", () =>
    Effect.gen(function* () {
      const xml = Schema.encodeSync(AnswerXml)(answerToSale({}))
      const talking = yield* listen({ onData: (socket) => socket.end(httpAnswer(xml)) })
      const silent = yield* listen({})
      const urls = { test: url(talking.port), live: url(silent.port) }
      yield* Effect.gen(function* () {
        assert.deepInclude(yield* send(sale), { _tag: "Replied", outcome: "approved" })
        const fiber = yield* Effect.forkChild(send({ ...sale, environment: "live" }))
        yield* Deferred.await(silent.hit)
        yield* TestClock.adjust("30 seconds")
        assert.deepInclude(yield* Fiber.join(fiber), { _tag: "InDoubt", reason: "no_answer" })
        assert.strictEqual(silent.connections(), 1)
      }).pipe(Effect.provide(Epx.layer({ urls, ...options })))
    })
  )
})

describe("telemetry", () => {
  const traced = (ending: Ending, request: EpxRequest) => {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    return Effect.map(
      sendThroughTime(request).pipe(Effect.provide(over(ending).layer), Effect.withTracer(tracer)),
      () => spans
    )
  }

  it.effect("is one client span per call, with nothing secret in it", () =>
    Effect.gen(function* () {
      const [span, ...others] = yield* traced(approval, sale)
      assert.lengthOf(others, 0)
      assert.deepInclude(span, { name: "Epx.sale", kind: "client" })
      assert.deepStrictEqual(Object.fromEntries(span?.attributes ?? []), {
        "transaction.id": "txn_0001",
        "epx.tran_type": "CCE1",
        "epx.outcome": "approved",
        "epx.response_code": "00"
      })
    })
  )

  it.effect("says why a call was not sent or is in doubt", () =>
    Effect.gen(function* () {
      const [span] = yield* traced(refused, timeoutReversal)
      assert.strictEqual(span?.name, "Epx.timeout_reversal")
      assert.deepStrictEqual(Object.fromEntries(span?.attributes ?? []), {
        "transaction.id": "txn_0001",
        "epx.tran_type": "CCE7",
        "epx.outcome": "not_sent",
        "epx.reason": "connect",
        "epx.detail": "ECONNREFUSED"
      })
    })
  )

  it.effect("times each attempt and counts each call", () =>
    Effect.gen(function* () {
      yield* sendThroughTime(sale).pipe(Effect.provide(over(refused, approval).layer))
      const snapshot = yield* Metric.snapshot
      const found = (id: string): Array<object> =>
        snapshot
          .filter((metric) => metric.id === id)
          .map(({ attributes, state }) => ({ ...attributes, count: "count" in state ? state.count : undefined }))
      assert.sameDeepMembers(found("epx_attempt_duration_seconds"), [
        { operation: "sale", outcome: "not_sent", count: 1 },
        { operation: "sale", outcome: "approved", count: 1 }
      ])
      assert.deepStrictEqual(found("epx_results_total"), [
        { operation: "sale", outcome: "approved", reason: "00", count: 1 }
      ])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
