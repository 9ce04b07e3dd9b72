import { constants } from "node:http2"
import { connect as connectTls } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"
import { until } from "../process/Program.ts"
import { headersOf, http2Client } from "./Http2Client.ts"
import { head, rawClient } from "./RawClient.ts"
import { testCertificate as certificate, counted, served, timed } from "./Served.ts"
import { takeBack } from "./TakenBack.ts"

/** A connection of HTTP/1.1 over TLS, what has come on it, and when it is closed. */
const http1Client = (origin: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const { hostname, port } = new URL(origin)
        return connectTls({ host: hostname, port: Number(port), ca: TestCertificates.authority })
      }),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    (socket) => {
      let received = ""
      const closed = new Promise<void>((resolve) => void socket.on("close", () => resolve()))
      socket.on("error", () => {})
      socket.setEncoding("utf8").on("data", (text) => {
        received += text
      })
      return { socket, received: () => received, closed: Effect.promise(() => closed) }
    }
  )

const upTo = <A extends Effect.Effect<unknown, unknown, unknown>>(count: number, effect: A) =>
  Effect.all(
    Array.from({ length: count }, () => effect),
    { concurrency: "unbounded" }
  )

describe("a listener with a certificate", () => {
  it.live("API-5: answers by HTTP/2, and by HTTP/1.1 whoever knows no other", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ certificate })
      const client = yield* http2Client(origin)
      assert.strictEqual(client.session.alpnProtocol, "h2")
      const answer = yield* client.request({ path: "/", body: "by HTTP/2" })
      assert.deepInclude(answer, { status: 200, text: "by HTTP/2" })
      const older = yield* http1Client(origin)
      older.socket.write(head("GET /"))
      yield* until(Effect.sync(older.received), (text) => /^HTTP\/1\.1 200 [\s\S]*well/.test(text))
    })
  )

  it.live("API-5: answers so many requests at a time on one connection, and lets more wait", () =>
    Effect.gen(function* () {
      const { mostAtOnce, origin } = yield* served({ certificate, streams: 3 })
      const client = yield* http2Client(origin)
      assert.strictEqual(client.session.remoteSettings.maxConcurrentStreams, 3)
      const answers = yield* upTo(7, client.request({ path: "/slow" }))
      assert.deepStrictEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      assert.strictEqual(mostAtOnce(), 3)
      assert.strictEqual(yield* counted("connections_total"), 1)
    })
  )

  it.live("API-5: refuses headers that are larger than 16 KiB, and goes on", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ certificate })
      const client = yield* http2Client(origin)
      const padded = (size: number) => client.request({ path: "/", headers: { "x-padding": "x".repeat(size) } })
      const refused = yield* Effect.exit(padded(17_000))
      if (Exit.isSuccess(refused)) assert.strictEqual(refused.value.status, 431)
      assert.strictEqual((yield* padded(15_000)).status, 200)
    })
  )

  it.live("API-5: ends a connection on which requests are taken back again and again", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ certificate, resets: { burst: 20, rate: 1 } })
      const [greedy, other] = yield* Effect.all([http2Client(origin), http2Client(origin)])
      let asked = 0
      const askAndTakeBack = Effect.sync(() => {
        if (greedy.session.closed || greedy.session.destroyed) return
        asked++
        const stream = greedy.session.request(headersOf({ path: "/slow" }))
        stream.on("error", () => {})
        stream.close(constants.NGHTTP2_CANCEL)
      })
      yield* Effect.raceFirst(Effect.forever(Effect.andThen(askAndTakeBack, Effect.sleep(1))), greedy.closed)
      assert.isAbove(asked, 20)
      // Node's own measure is a thousand.
      assert.isBelow(asked, 500)
      assert.strictEqual((yield* other.request({ path: "/" })).status, 200)
    })
  )

  it.live("API-5: closes a connection of HTTP/2 that is idle", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ certificate, idle_ms: 300 })
      const client = yield* http2Client(origin)
      assert.strictEqual((yield* client.request({ path: "/" })).status, 200)
      const ms = yield* timed(client.closed)
      assert.isAtLeast(ms, 200)
      assert.isBelow(ms, 3_000)
    })
  )

  it.live("API-5: closes a connection on which no handshake comes, or something else than one", () =>
    Effect.gen(function* () {
      const { get, origin } = yield* served({ headers_ms: 300, certificate })
      const [silent, plain] = yield* Effect.all([rawClient(origin), rawClient(origin)])
      yield* plain.write(head("GET /"))
      yield* plain.closed
      assert.isBelow(yield* timed(silent.closed), 3_000)
      assert.notInclude(plain.received(), "200")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.suspend(get))))
      assert.strictEqual((yield* (yield* http2Client(origin)).request({ path: "/" })).status, 200)
    })
  )

  it.live("API-5: cuts off who is slow with the headers of HTTP/1.1", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ certificate, headers_ms: 300 })
      const client = yield* http1Client(origin)
      client.socket.write("GET / HTTP/1.1\r\nhost: loc")
      assert.isBelow(yield* timed(client.closed), 3_000)
      assert.match(client.received(), /^HTTP\/1\.1 408 /)
    })
  )

  it.live("ARCH-6: cuts off who does not take an answer of HTTP/1.1", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ certificate, answer_ms: 300 })
      const client = yield* http1Client(origin)
      client.socket.pause()
      client.socket.write(head("GET /large").repeat(60))
      yield* until(counted("open_connections"), (open) => open === 1)
      yield* until(counted("open_connections"), (open) => open === 0)
    })
  )

  it.live("API-5: takes a stream back whose request does not end, and carries out nothing of it", () =>
    Effect.gen(function* () {
      const { origin, taken } = yield* served({ certificate, request_ms: 200, answer_ms: 200 })
      const client = yield* http2Client(origin)
      const stream = client.session.request(headersOf({ method: "POST", path: "/" }))
      const ended = new Promise<void>((resolve) => void stream.on("close", () => resolve()))
      stream.on("error", () => {})
      stream.write("half of ")
      assert.isBelow(yield* timed(Effect.promise(() => ended)), 3_000)
      assert.strictEqual(stream.rstCode, constants.NGHTTP2_CANCEL)
      assert.deepStrictEqual(taken, [])
      assert.strictEqual((yield* client.request({ path: "/" })).status, 200)
    })
  )

  it.live("API-5: does not take for whole a request that its client takes back before its end", () =>
    Effect.gen(function* () {
      const { origin, taken } = yield* served({ certificate })
      const request = { headers: { ":path": "/" }, isEnded: false }
      yield* takeBack(origin, { ...request, body: "half" })
      yield* takeBack(origin, { ...request, body: "whole", isEnded: true })
      const client = yield* http2Client(origin)
      assert.strictEqual((yield* client.request({ path: "/", body: "next" })).status, 200)
      assert.deepStrictEqual(taken, ["whole", "next"])
    })
  )

  it.live("API-5: answers what is under way when it closes, and ends connections that are idle", () =>
    Effect.gen(function* () {
      const { origin, shutDown, slowBegun } = yield* served({ certificate })
      const [idle, busy] = yield* Effect.all([http2Client(origin), http2Client(origin)])
      const silent = yield* http1Client(origin)
      yield* until(counted("open_connections"), (open) => open === 3)
      const asked = yield* Effect.forkChild(busy.request({ path: "/slow" }))
      yield* slowBegun
      const closing = yield* Effect.forkChild(timed(shutDown))
      yield* Effect.all([idle.closed, silent.closed])
      assert.isUndefined(asked.pollUnsafe())
      assert.deepInclude(yield* Fiber.join(asked), { status: 200, text: "slow" })
      assert.isBelow(yield* Fiber.join(closing), 3_000)
    })
  )
})
