import { Agent, request as open } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber } from "effect"
import { usualLimits } from "../../src/http/ConnectionLimits.ts"
import { requestDeadline } from "../../src/http/RequestDeadline.ts"
import { until } from "../process/Program.ts"
import { head, rawClient } from "./RawClient.ts"
import { counted, served, timed } from "./Served.ts"

describe("the usual limits", () => {
  it("K-9: are those of the catalogue, and leave our own deadline the time that it needs", () => {
    assert.deepInclude(usualLimits, { headers_ms: 5_000, request_ms: 15_000, idle_ms: 65_000, headerBytes: 16_384 })
    const deadline_ms = Duration.toMillis(requestDeadline)
    assert.isAbove(usualLimits.idle_ms, deadline_ms)
    assert.isAbove(usualLimits.request_ms + usualLimits.answer_ms, usualLimits.request_ms + deadline_ms)
    assert.isAbove(usualLimits.closing_ms, deadline_ms)
    assert.isAtMost(usualLimits.look_ms, 1_000)
  })
})

describe("a client that is slow", () => {
  it.live("K-9: with its headers is cut off, and nobody else is", () =>
    Effect.gen(function* () {
      const { get, origin } = yield* served({ headers_ms: 300 })
      const client = yield* rawClient(origin)
      yield* Effect.forkChild(client.trickle(head("GET /", { "x-padding": "x".repeat(500) }), 20))
      const [ms] = yield* Effect.all([timed(client.closed), get()], { concurrency: "unbounded" })
      assert.isAtLeast(ms, 250)
      assert.isBelow(ms, 3_000)
      assert.match(client.received(), /^HTTP\/1\.1 408 /)
      assert.strictEqual(yield* get(), 200)
    })
  )

  it.live("K-9: with its first byte is cut off as well", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ headers_ms: 300 })
      const client = yield* rawClient(origin)
      assert.isBelow(yield* timed(client.closed), 3_000)
    })
  )

  it.live("K-9: with its body is cut off, and its request is not carried out", () =>
    Effect.gen(function* () {
      const { origin, taken } = yield* served({ headers_ms: 200, request_ms: 400 })
      const client = yield* rawClient(origin)
      yield* client.write(head("POST /", { "content-length": 500 }))
      yield* Effect.forkChild(client.trickle("x".repeat(500), 20))
      const ms = yield* timed(client.closed)
      assert.isAtLeast(ms, 350)
      assert.isBelow(ms, 3_000)
      assert.notMatch(client.received(), /^HTTP\/1\.1 2/)
      assert.deepStrictEqual(taken, [])
    })
  )

  it.live("K-9: with a later request, or after asking for another protocol, is cut off as well", () =>
    Effect.gen(function* () {
      const { origin, taken } = yield* served({ headers_ms: 200, request_ms: 400 })
      const [later, other] = yield* Effect.all([rawClient(origin), rawClient(origin)])
      yield* later.write(head("GET /"))
      yield* until(Effect.sync(later.received), (text) => text.includes("well"))
      yield* later.write("GET / HTTP/1.1\r\nhost: loc")
      yield* other.write(head("POST /", { connection: "upgrade", upgrade: "other", "content-length": 10 }))
      yield* other.write("half")
      assert.isBelow(yield* timed(Effect.all([later.closed, other.closed])), 3_000)
      assert.match(later.received(), /HTTP\/1\.1 408 /)
      assert.deepStrictEqual(taken, [])
    })
  )

  it.live("ARCH-6: to take its answer is cut off, and makes room for another one", () =>
    Effect.gen(function* () {
      const { get, origin } = yield* served({ answer_ms: 300, maxConnections: 1 })
      const client = yield* rawClient(origin)
      client.socket.pause()
      // More than the system keeps for a client that does not read.
      yield* client.write(head("GET /large").repeat(60))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(get())))
      yield* until(Effect.exit(get()), Exit.isSuccess)
    })
  )
})

describe("a client that is not slow", () => {
  it.live(
    "K-9: waits for its answer longer than its request may take to come, on a connection that it goes on with",
    () =>
      Effect.gen(function* () {
        const { origin } = yield* served({ headers_ms: 100, request_ms: 200, idle_ms: 400, answer_ms: 100 })
        const client = yield* rawClient(origin)
        for (const times of [1, 2]) {
          yield* client.write(head("GET /slow"))
          yield* until(Effect.sync(client.received), (text) => text.split("slow").length > times)
        }
        assert.isTrue(client.isOpen())
      })
  )

  it.live("K-9: may be idle for as long as it may, and no longer", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ idle_ms: 300 })
      const client = yield* rawClient(origin)
      yield* client.write(head("GET /"))
      yield* until(Effect.sync(client.received), (text) => text.includes("well"))
      const ms = yield* timed(client.closed)
      assert.isAtLeast(ms, 250)
      // Node gives a client that has just sent its next request another second.
      assert.isBelow(ms, 4_000)
    })
  )

  it.live("API-3: sends all that it asks on one connection", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({})
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
      const get = Effect.callback<number | undefined>((resume) => {
        open(origin, { agent }, (incoming) => {
          incoming.resume().on("end", () => resume(Effect.succeed(incoming.statusCode)))
        }).end()
      })
      for (let n = 0; n < 100; n++) assert.strictEqual(yield* get, 200)
      assert.strictEqual(yield* counted("connections_total"), 1)
      assert.strictEqual(yield* counted("open_connections"), 1)
    })
  )
})

describe("a greedy client", () => {
  it.live("K-9: gets no more connections than there may be, at no cost to those that there are", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ maxConnections: 2 })
      const [first, second] = yield* Effect.all([rawClient(origin), rawClient(origin)])
      const third = yield* Effect.exit(rawClient(origin))
      if (Exit.isSuccess(third)) yield* third.value.closed
      assert.strictEqual(yield* counted("connections_refused_total"), 1)
      for (const client of [first, second]) {
        yield* client.write(head("GET /"))
        yield* until(Effect.sync(client.received), (text) => text.includes("well"))
      }
      first.socket.destroy()
      yield* until(counted("open_connections"), (open) => open === 1)
      const another = yield* rawClient(origin)
      yield* another.write(head("GET /"))
      yield* until(Effect.sync(another.received), (text) => text.includes("well"))
    })
  )

  it.live("K-9: is refused headers that are larger than 16 KiB", () =>
    Effect.gen(function* () {
      const { get, origin } = yield* served({})
      for (const [size, status] of [
        [16_000, /^HTTP\/1\.1 200 /],
        [16_400, /^HTTP\/1\.1 431 /]
      ] as const) {
        const client = yield* rawClient(origin)
        yield* client.write(head("GET /", { "x-padding": "x".repeat(size) }))
        yield* until(Effect.sync(client.received), (text) => status.test(text))
      }
      assert.strictEqual(yield* get(), 200)
    })
  )
})

describe("a listener that closes", () => {
  it.live("API-3: answers what is under way, and closes what is idle and what has never asked anything", () =>
    Effect.gen(function* () {
      const { origin, shutDown, slowBegun } = yield* served({})
      const [idle, silent, busy] = yield* Effect.all([rawClient(origin), rawClient(origin), rawClient(origin)])
      yield* idle.write(head("GET /"))
      yield* until(Effect.sync(idle.received), (text) => text.includes("well"))
      yield* busy.write(head("GET /slow", { connection: "close" }))
      yield* slowBegun
      const closing = yield* Effect.forkChild(timed(shutDown))
      yield* Effect.all([idle.closed, silent.closed])
      assert.isTrue(busy.isOpen())
      assert.isBelow(yield* Fiber.join(closing), 3_000)
      yield* busy.closed
      assert.match(busy.received(), /^HTTP\/1\.1 200 [\s\S]*slow/)
    })
  )

  it.live("K-8: waits for a request that does not come for as long as it may, and no longer", () =>
    Effect.gen(function* () {
      const { origin, shutDown } = yield* served({ closing_ms: 300 })
      const client = yield* rawClient(origin)
      yield* client.write("GET / HTTP/1.1\r\nhost: loc")
      yield* until(counted("open_connections"), (open) => open === 1)
      yield* Effect.sleep("50 millis")
      const closing = yield* Effect.forkChild(timed(shutDown))
      yield* client.closed
      const ms = yield* Fiber.join(closing)
      assert.isAtLeast(ms, 250)
      assert.isBelow(ms, 3_000)
    })
  )
})
