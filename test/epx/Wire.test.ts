import type net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Metric, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { Lane } from "../../src/epx/Bulkhead.ts"
import type { Ending } from "../../src/epx/Exchange.ts"
import { makeFence } from "../../src/epx/Fence.ts"
import type { PlainUrl } from "../../src/epx/Places.ts"
import { Wire, type WireOptions } from "../../src/epx/Wire.ts"
import {
  blackhole,
  closedPort,
  delayed,
  foreignCertificate,
  httpAnswer,
  listen,
  type Port,
  testCertificate
} from "./Ports.ts"

type Open = Effect.Effect<Wire["Service"], PlainUrl, Scope.Scope>

const open = (url: string, options: Partial<WireOptions> = {}): Open =>
  Effect.map(
    Layer.build(
      Wire.layer({
        urls: { test: new URL(url) },
        keepAlive: false,
        allowPlain: true,
        connectTimeout_ms: 200,
        ca: testCertificate,
        ...options
      })
    ),
    Context.get(Wire)
  )

interface Limits {
  readonly fence_ms?: number
  readonly limit_ms?: number
  readonly lane?: Lane
}

/** Like EPX's clock, that of these tests is the real one unless they say otherwise. */
const post = (wire: Wire["Service"], limits: Limits = {}): Effect.Effect<Ending> =>
  Effect.gen(function* () {
    const { fence_ms = 3_000, lane = "charges", limit_ms = 3_000 } = limits
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    const fence = yield* makeFence(now + fence_ms)
    return yield* wire.post({ environment: "test", lane, body: "CARD_ENT_METH=Z", fence, limit_ms })
  })

const summary = (ending: Ending): string =>
  ending._tag === "Answered" ? "Answered" : `${ending._tag} ${ending.reason}`

const requests = (port: Port): number => port.received().split("POST ").length - 1

/** A TLS server that answers, behind a proxy that takes its time before the handshake. */
const slowToConnect = Effect.gen(function* () {
  const server = yield* listen({ certificate: testCertificate, onData: (socket) => socket.end(httpAnswer("ok")) })
  const slow = yield* delayed(server.port, 200)
  const wire = yield* open(`https://localhost:${slow.port}`, { connectTimeout_ms: 2_000 })
  return { server, slow, wire }
})

describe("provably not sent", () => {
  it.live("closed port", () =>
    Effect.gen(function* () {
      const ending = yield* post(yield* open(`http://127.0.0.1:${yield* closedPort}`))
      assert.deepInclude(ending, { _tag: "NotSent", reason: "connect" })
      assert.include(ending._tag === "NotSent" ? ending.detail : "", "ECONNREFUSED")
    })
  )

  it.live("a name that does not resolve", () =>
    Effect.gen(function* () {
      const ending = yield* post(yield* open("https://nowhere.invalid"))
      assert.deepInclude(ending, { _tag: "NotSent", reason: "connect" })
    })
  )

  it.live("a host that answers no SYN, by the connect time-out", () =>
    Effect.gen(function* () {
      const ending = yield* post(yield* open(`http://127.0.0.1:${yield* blackhole}`))
      assert.deepInclude(ending, { _tag: "NotSent", reason: "connect" })
      assert.include(ending._tag === "NotSent" ? ending.detail : "", "UND_ERR_CONNECT_TIMEOUT")
    })
  )

  it.live("TLS spoken to a plain port", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({ onData: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") })
      assert.strictEqual(summary(yield* post(yield* open(`https://127.0.0.1:${port}`))), "NotSent connect")
    })
  )

  it.live("reset in the TLS handshake", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({ onData: (socket) => socket.resetAndDestroy() })
      assert.strictEqual(summary(yield* post(yield* open(`https://127.0.0.1:${port}`))), "NotSent connect")
    })
  )

  it.live("closed in the TLS handshake", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({ onData: (socket) => socket.end() })
      assert.strictEqual(summary(yield* post(yield* open(`https://127.0.0.1:${port}`))), "NotSent connect")
    })
  )

  it.live("reset on accept, before the TLS handshake", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({ onConnection: (socket) => socket.resetAndDestroy() })
      assert.strictEqual(summary(yield* post(yield* open(`https://127.0.0.1:${port}`))), "NotSent connect")
    })
  )

  it.live("a port that stays silent in the TLS handshake", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({})
      assert.strictEqual(summary(yield* post(yield* open(`https://127.0.0.1:${port}`))), "NotSent connect")
    })
  )

  it.live("a certificate of an unknown authority", () =>
    Effect.gen(function* () {
      const server = yield* listen({ certificate: testCertificate })
      const wire = yield* open(`https://localhost:${server.port}`, { ca: undefined })
      assert.strictEqual(summary(yield* post(wire)), "NotSent connect")
      assert.strictEqual(server.received(), "")
    })
  )

  it.live("a certificate for another name", () =>
    Effect.gen(function* () {
      const server = yield* listen({ certificate: foreignCertificate })
      const ending = yield* post(yield* open(`https://localhost:${server.port}`, { ca: foreignCertificate }))
      assert.include(ending._tag === "NotSent" ? ending.detail : "", "ERR_TLS_CERT_ALTNAME_INVALID")
      assert.strictEqual(server.received(), "")
    })
  )

  it.effect("no URL for the environment", () =>
    Effect.gen(function* () {
      const wire = yield* open("https://127.0.0.1:1", { urls: { live: new URL("https://127.0.0.1:1") } })
      assert.strictEqual(summary(yield* post(wire)), "NotSent unconfigured")
    })
  )

  it.live("a client that is shut down while the call waits for a connection", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({})
      const waiting = yield* Effect.scoped(
        Effect.gen(function* () {
          const wire = yield* open(`https://127.0.0.1:${port}`, { connectTimeout_ms: 3_000 })
          const fiber = yield* Effect.forkDetach(post(wire))
          yield* Effect.sleep("50 millis")
          return fiber
        })
      )
      assert.strictEqual(summary(yield* Fiber.join(waiting)), "NotSent interrupted")
    })
  )
})

describe("the fence", () => {
  it.live("has passed before the call, so nobody is even connected to", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const wire = yield* open(`http://127.0.0.1:${server.port}`)
      assert.strictEqual(summary(yield* post(wire, { fence_ms: -1 })), "NotSent fence")
      yield* Effect.sleep("50 millis")
      assert.strictEqual(server.connections(), 0)
    })
  )

  it.live("passes while connecting, and the connection that comes later carries no request", () =>
    Effect.gen(function* () {
      const { server, slow, wire } = yield* slowToConnect
      assert.strictEqual(summary(yield* post(wire, { fence_ms: 50 })), "NotSent fence")
      assert.strictEqual(slow.open(), 1)
      // The same way in, with time enough: this request arrives, and long after the first one would have.
      assert.strictEqual(summary(yield* post(wire)), "Answered")
      assert.strictEqual(requests(server), 1)
      yield* Effect.sleep("100 millis")
      assert.strictEqual(slow.open(), 0)
    })
  )

  it.live("passes while all connections are in use", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const wire = yield* open(`http://127.0.0.1:${server.port}`, { connections: 1 })
      const first = yield* Effect.forkChild(post(wire, { limit_ms: 60_000 }))
      yield* Deferred.await(server.hit)
      assert.strictEqual(summary(yield* post(wire, { fence_ms: 100, limit_ms: 500 })), "NotSent fence")
      yield* Fiber.interrupt(first)
      yield* Effect.sleep("200 millis")
      assert.strictEqual(requests(server), 1)
    })
  )
})

/** Calls that hold a place, and calls that wait for one. */
const held = Effect.map(Metric.snapshot, (metrics) => {
  const sum = (id: string) =>
    metrics.reduce((total, metric) => total + (metric.id === id ? Number(Object(metric.state).value) : 0), 0)
  return { inFlight: sum("epx_calls_in_flight"), queued: sum("epx_calls_queued") }
})

const freshMetrics = Effect.provideService(Metric.MetricRegistry, new Map())

describe("many calls", () => {
  it.live("are under way and waiting up to a bound, and the next is turned away at once", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const wire = yield* open(`http://127.0.0.1:${server.port}`, { connections: 2, queued: 3 })
      const fibers = yield* Effect.forEach(Array(5), () => Effect.forkChild(post(wire, { limit_ms: 60_000 })))
      yield* Deferred.await(server.hit)
      assert.deepStrictEqual(yield* held, { inFlight: 2, queued: 3 })
      assert.strictEqual(summary(yield* post(wire)), "NotSent overload")
      yield* Fiber.interruptAll(fibers)
      yield* Effect.sleep("50 millis")
      assert.deepStrictEqual(yield* held, { inFlight: 0, queued: 0 })
    }).pipe(freshMetrics)
  )

  it.live("leave the resolver's places alone, which never turn a call away", () =>
    Effect.gen(function* () {
      const server = yield* listen({
        onData: (socket, _data, count) => void (count > 1 && socket.end(httpAnswer("ok")))
      })
      const options = { connections: 1, queued: 0, reservedConnections: 1 }
      const wire = yield* open(`http://127.0.0.1:${server.port}`, options)
      const hung = yield* Effect.forkChild(post(wire, { limit_ms: 60_000 }))
      yield* Deferred.await(server.hit)
      assert.strictEqual(summary(yield* post(wire)), "NotSent overload")
      const calls = Array.from({ length: 50 }, () => post(wire, { lane: "resolver" }))
      assert.deepStrictEqual(
        [...new Set((yield* Effect.all(calls, { concurrency: "unbounded" })).map(summary))],
        ["Answered"]
      )
      yield* Fiber.interrupt(hung)
    })
  )

  it.live("reach nobody when their fence passes in the queue", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const wire = yield* open(`http://127.0.0.1:${server.port}`, { connections: 1 })
      const first = yield* Effect.forkChild(post(wire, { limit_ms: 60_000 }))
      yield* Deferred.await(server.hit)
      const calls = Array.from({ length: 20 }, () => post(wire, { fence_ms: 50 }))
      const late = yield* Effect.all(calls, { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(late.map(summary))], ["NotSent fence"])
      yield* Fiber.interrupt(first)
      yield* Effect.sleep("100 millis")
      assert.strictEqual(server.connections(), 1)
    })
  )

  it.live("keep their places while undici still connects for them", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({})
      const wire = yield* open(`https://127.0.0.1:${port}`, { connections: 1, queued: 0, connectTimeout_ms: 200 })
      assert.strictEqual(summary(yield* post(wire, { fence_ms: 20 })), "NotSent fence")
      assert.strictEqual(summary(yield* post(wire)), "NotSent overload")
      yield* Effect.sleep("1 second")
      assert.strictEqual(summary(yield* post(wire)), "NotSent connect")
    })
  )

  it.live("give back every place, however they end", () =>
    Effect.gen(function* () {
      const ends = [
        (socket: net.Socket) => socket.resetAndDestroy(),
        (socket: net.Socket) => socket.end(),
        (socket: net.Socket) => socket.end(httpAnswer("ok")),
        (socket: net.Socket) => socket.end(httpAnswer("no", "503 Service Unavailable")),
        (socket: net.Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"),
        () => {}
      ]
      const { port } = yield* listen({ onData: (socket, _data, count) => void ends[count % ends.length]?.(socket) })
      const wire = yield* open(`http://127.0.0.1:${port}`, { connections: 5, queued: 100 })
      const calls = Array.from({ length: 60 }, (_, index) =>
        post(wire, { fence_ms: 100 + index * 20, limit_ms: 50 }).pipe(Effect.timeoutOption(20 + index * 15))
      )
      yield* Effect.all(calls, { concurrency: "unbounded" })
      yield* Effect.sleep("100 millis")
      assert.deepStrictEqual(yield* held, { inFlight: 0, queued: 0 })
    }).pipe(freshMetrics)
  )

  it.live("end with their client, however many of them wait", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const fibers = yield* Effect.scoped(
        Effect.gen(function* () {
          const wire = yield* open(`http://127.0.0.1:${server.port}`, { connections: 1, queued: 5_000 })
          const fibers = yield* Effect.forEach(Array(5_000), () => Effect.forkDetach(post(wire)))
          yield* Deferred.await(server.hit)
          return fibers
        })
      )
      const [first, ...waiting] = yield* Effect.forEach(fibers, (fiber) => Effect.map(Fiber.join(fiber), summary))
      assert.strictEqual(first, "InDoubt no_answer")
      assert.deepStrictEqual([...new Set(waiting)], ["NotSent interrupted"])
    })
  )
})

describe("in doubt", () => {
  it.effect("no answer within the limit, which starts with the first byte", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const wire = yield* open(`http://127.0.0.1:${server.port}`)
      const fiber = yield* Effect.forkChild(post(wire, { limit_ms: 30_000 }))
      yield* Deferred.await(server.hit)
      yield* TestClock.adjust("29999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "InDoubt", reason: "no_answer" })
      yield* Deferred.await(server.closed)
    })
  )

  it.live("an answer that drips beyond the limit", () =>
    Effect.gen(function* () {
      const server = yield* listen({
        onData: (socket) => {
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
          const drip = setInterval(() => socket.write("."), 20)
          socket.on("close", () => clearInterval(drip))
        }
      })
      const wire = yield* open(`http://127.0.0.1:${server.port}`)
      assert.strictEqual(summary(yield* post(wire, { limit_ms: 200 })), "InDoubt no_answer")
      yield* Deferred.await(server.closed)
    })
  )

  it.live("reset on accept, which may race with the request", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({ onConnection: (socket) => socket.resetAndDestroy() })
      const ending = yield* post(yield* open(`http://127.0.0.1:${port}`))
      assert.include(["InDoubt no_answer", "NotSent connect"], summary(ending))
    })
  )

  it.live("reset after the request", () =>
    Effect.gen(function* () {
      const server = yield* listen({ onData: (socket) => socket.resetAndDestroy() })
      assert.strictEqual(summary(yield* post(yield* open(`http://127.0.0.1:${server.port}`))), "InDoubt no_answer")
      assert.strictEqual(server.connections(), 1)
    })
  )

  it.live("reset after the request over TLS, the same error code as in the handshake", () =>
    Effect.gen(function* () {
      const server = yield* listen({ certificate: testCertificate, onData: (socket) => socket.destroy() })
      assert.strictEqual(summary(yield* post(yield* open(`https://localhost:${server.port}`))), "InDoubt no_answer")
      assert.strictEqual(server.connections(), 1)
    })
  )

  it.live("closed without an answer", () =>
    Effect.gen(function* () {
      const server = yield* listen({ onData: (socket) => socket.end() })
      assert.strictEqual(summary(yield* post(yield* open(`http://127.0.0.1:${server.port}`))), "InDoubt no_answer")
      assert.strictEqual(server.connections(), 1)
    })
  )

  it.live("a truncated body", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({
        onData: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n<RESPONSE>")
      })
      assert.strictEqual(summary(yield* post(yield* open(`http://127.0.0.1:${port}`))), "InDoubt no_answer")
    })
  )

  it.live("bytes that are no HTTP", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({ onData: (socket) => socket.end("<RESPONSE/>") })
      assert.strictEqual(summary(yield* post(yield* open(`http://127.0.0.1:${port}`))), "InDoubt no_answer")
    })
  )

  it.live("a body without end", () =>
    Effect.gen(function* () {
      const server = yield* listen({
        onData: (socket) => {
          const block = "x".repeat(64 * 1024)
          const flood = () => {
            if (!socket.destroyed) socket.write(block, flood)
          }
          socket.write("HTTP/1.1 200 OK\r\n\r\n", flood)
        }
      })
      const wire = yield* open(`http://127.0.0.1:${server.port}`)
      assert.strictEqual(summary(yield* post(wire)), "InDoubt unreadable")
      yield* Deferred.await(server.closed)
    })
  )

  it.live.each(["500 Internal Server Error", "503 Service Unavailable", "400 Bad Request", "204 No Content"])(
    "status %s",
    (status) =>
      Effect.gen(function* () {
        const { port } = yield* listen({
          onData: (socket) =>
            socket.end(status.startsWith("204") ? `HTTP/1.1 ${status}\r\n\r\n` : httpAnswer("ok", status))
        })
        assert.strictEqual(summary(yield* post(yield* open(`http://127.0.0.1:${port}`))), "InDoubt unreadable")
      })
  )

  it.live("a redirect, which is not followed", () =>
    Effect.gen(function* () {
      const elsewhere = yield* listen({})
      const { port } = yield* listen({
        onData: (socket) =>
          socket.end(httpAnswer("", "307 Temporary Redirect", [`location: http://127.0.0.1:${elsewhere.port}/`]))
      })
      assert.strictEqual(summary(yield* post(yield* open(`http://127.0.0.1:${port}`))), "InDoubt unreadable")
      assert.strictEqual(elsewhere.connections(), 0)
    })
  )

  it.live("a compressed body, which we never ask for", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({
        onData: (socket) => socket.end(httpAnswer("ok", "200 OK", ["content-encoding: gzip"]))
      })
      assert.strictEqual(summary(yield* post(yield* open(`http://127.0.0.1:${port}`))), "InDoubt unreadable")
    })
  )

  it.live("a stale keep-alive connection, over which the request is not repeated", () =>
    Effect.gen(function* () {
      const server = yield* listen({
        onData: (socket, _data, count) => {
          if (count === 1) socket.write(httpAnswer("first", "200 OK", ["connection: keep-alive"]))
          else socket.resetAndDestroy()
        }
      })
      const wire = yield* open(`http://127.0.0.1:${server.port}`, { keepAlive: true, connections: 1 })
      assert.strictEqual(summary(yield* post(wire)), "Answered")
      assert.strictEqual(summary(yield* post(wire)), "InDoubt no_answer")
      yield* Effect.sleep("200 millis")
      assert.strictEqual(server.connections(), 1)
      assert.strictEqual(requests(server), 2)
    })
  )
})

describe("interruption", () => {
  it.live("while connecting: no request byte is ever written", () =>
    Effect.gen(function* () {
      const { server, slow, wire } = yield* slowToConnect
      const fiber = yield* Effect.forkChild(post(wire))
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(slow.open(), 1)
      assert.strictEqual(summary(yield* post(wire)), "Answered")
      assert.strictEqual(requests(server), 1)
      yield* Effect.sleep("100 millis")
      assert.strictEqual(slow.open(), 0)
    })
  )

  it.live("after sending: the socket is closed", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const wire = yield* open(`http://127.0.0.1:${server.port}`)
      const fiber = yield* Effect.forkChild(post(wire))
      yield* Deferred.await(server.hit)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(server.closed)
      assert.strictEqual(server.open(), 0)
    })
  )
})

describe("an answer", () => {
  it.live("comes back whole, over a connection of its own", () =>
    Effect.gen(function* () {
      const server = yield* listen({
        certificate: testCertificate,
        onData: (socket) => socket.end(httpAnswer("<RESPONSE/>"))
      })
      const wire = yield* open(`https://localhost:${server.port}/post`)
      for (const _ of [1, 2]) {
        const ending = yield* post(wire)
        assert.strictEqual(ending._tag === "Answered" ? new TextDecoder().decode(ending.body) : "", "<RESPONSE/>")
      }
      assert.strictEqual(server.connections(), 2)
      assert.match(server.received(), /^POST \/post HTTP\/1\.1\r\nhost: localhost:\d+\r\nconnection: close\r\n/)
      assert.include(server.received(), "\r\ncontent-type: application/x-www-form-urlencoded\r\n")
      assert.include(server.received(), "\r\n\r\nCARD_ENT_METH=Z")
    })
  )

  it.live("may be preceded by an interim answer and end with the connection", () =>
    Effect.gen(function* () {
      const { port } = yield* listen({
        onData: (socket) => socket.end("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<RESPONSE/>")
      })
      const ending = yield* post(yield* open(`http://127.0.0.1:${port}`))
      assert.strictEqual(ending._tag === "Answered" ? new TextDecoder().decode(ending.body) : "", "<RESPONSE/>")
    })
  )

  it.live("keeps its connection where that is switched on", () =>
    Effect.gen(function* () {
      const server = yield* listen({ onData: (socket) => socket.write(httpAnswer("ok")) })
      const wire = yield* open(`http://127.0.0.1:${server.port}`, { keepAlive: true, connections: 1 })
      yield* post(wire)
      yield* post(wire)
      assert.strictEqual(server.connections(), 1)
    })
  )
})

describe("the layer", () => {
  it.effect("refuses plain HTTP", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(open("http://127.0.0.1:1", { allowPlain: false }))
      assert.deepInclude(error, { _tag: "PlainUrl", environment: "test" })
    })
  )
})
