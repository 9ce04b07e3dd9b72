import { connect } from "node:net"
import { connect as connectTls } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer } from "effect"
import { listener } from "../../src/http/Listener.ts"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"
import { until } from "../process/Program.ts"
import { http2Client } from "./Http2Client.ts"
import { head, rawClient } from "./RawClient.ts"
import { testCertificate as certificate, counted, served, timed } from "./Served.ts"

const many = 64
/** More than there are doors, and so few that all are under way at a time. */
const few = 16

const clientsOf = (origin: string, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, () => origin),
    rawClient,
    { concurrency: "unbounded" }
  )

/** Sockets that connect, and are closed with the scope. */
const connecting = (origin: string) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      Array.from({ length: many }, () => connect(Number(new URL(origin).port), "127.0.0.1").on("error", () => {}))
    ),
    (sockets) =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
      })
  )

const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

describe("the doors of a listener", () => {
  it.live.skipIf(process.platform !== "linux")("take several connections in one turn of the event loop", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({})
      yield* connecting(origin)
      let turns = 0
      while ((yield* counted("connections_total")) < many) {
        yield* turn
        turns++
      }
      assert.isBelow(turns, many / 2)
    })
  )

  it.live("are closed to whoever would share them", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({})
      const port = Number(new URL(origin).port)
      const other = { name: "operators", variable: "OPS_PORT", maxConnections: 10, host: "127.0.0.1", port } as const
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(listener(other))))
      assert.isTrue(Exit.isFailure(exit))
      assert.include(String(exit), `Port ${port} is taken`)
    })
  )

  it.live("K-9: let in no more than there may be, all of them together", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ maxConnections: 3 })
      const clients = yield* clientsOf(origin, many)
      yield* until(counted("connections_refused_total"), (refused) => refused === many - 3)
      assert.strictEqual(yield* counted("open_connections"), 3)
      for (const { socket } of clients) socket.destroy()
      yield* until(counted("open_connections"), (open) => open === 0)
      yield* Effect.forEach(Array.from({ length: 3 }), () => rawClient(origin))
      yield* until(counted("open_connections"), (open) => open === 3)
    })
  )

  it.live("API-3: close when what has come by any of them is answered", () =>
    Effect.gen(function* () {
      const { mostAtOnce, origin, shutDown } = yield* served({})
      const clients = yield* clientsOf(origin, few)
      yield* Effect.forEach(clients, ({ write }) => write(head("GET /slow", { connection: "close" })))
      yield* until(Effect.sync(mostAtOnce), (most) => most === few)
      const closing = yield* Effect.forkChild(timed(shutDown))
      yield* Effect.forEach(clients, ({ closed }) => closed)
      for (const { received } of clients) assert.match(received(), /^HTTP\/1\.1 200 [\s\S]*slow/)
      assert.isBelow(yield* Fiber.join(closing), 3_000)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(rawClient(origin))))
    })
  )

  it.live("API-5: forget who has gone, with TLS too", () =>
    Effect.gen(function* () {
      const { origin } = yield* served({ certificate })
      const port = Number(new URL(origin).port)
      const sessions = yield* Effect.forEach(
        Array.from({ length: many / 2 }, () => origin),
        http2Client,
        { concurrency: "unbounded" }
      )
      const older = Array.from({ length: many / 2 }, () =>
        connectTls({ host: "localhost", port, ca: TestCertificates.authority }).on("error", () => {})
      )
      yield* until(counted("open_connections"), (open) => open === many)
      for (const { session } of sessions) session.close()
      for (const socket of older) socket.end()
      yield* until(counted("open_connections"), (open) => open === 0)
    })
  )
})
