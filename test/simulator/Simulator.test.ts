import { createServer, connect as open } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { ask, connect, sale, until } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

const anyPort = { port: 0, controlPort: 0 }

const taken = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ port, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const start = (options: Parameters<typeof Simulator.layer>[0]) =>
  Simulator.use(Effect.succeed).pipe(Effect.provide(Simulator.layer(options)))

describe("the simulator", () => {
  const ports = [
    { option: "port", variable: "SIMULATOR_PORT" },
    { option: "controlPort", variable: "SIMULATOR_CONTROL_PORT" },
    { option: "tlsPort", variable: "SIMULATOR_TLS_PORT" }
  ]

  it.effect.each(ports)("names a taken $option and $variable", ({ option, variable }) =>
    Effect.gen(function* () {
      const { port } = yield* taken
      const error = yield* Effect.flip(start({ ...anyPort, [option]: port }))
      assert.strictEqual(error._tag, "PortUnavailable")
      assert.strictEqual(error.message, `Port ${port} is in use. Set ${variable} to another port.`)
    }).pipe(Effect.scoped)
  )

  it.effect.each(["0.0.0.0", "::", "192.0.2.1", "example.com"])("does not listen on %s", (host) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(start({ ...anyPort, host }))
      assert.strictEqual(error._tag, "PublicHostRefused")
      assert.include(error.message, host)
    })
  )

  it.effect("listens everywhere when it is allowed to", () =>
    withSimulator(
      (simulator) =>
        Effect.map(ask({ url: new URL(`http://127.0.0.1:${simulator.url.port}/`) }, sale), ({ AUTH_RESP }) =>
          assert.strictEqual(AUTH_RESP, "00")
        ),
      { host: "0.0.0.0", allowPublic: true }
    )
  )

  it.effect("adds its latency to every answer", () =>
    withSimulator(
      (simulator) =>
        Effect.gen(function* () {
          const connection = yield* connect(simulator)
          yield* connection.send(sale)
          yield* until(Effect.map(simulator.ledger(), ({ length }) => length === 1))
          yield* TestClock.adjust("39 millis")
          assert.strictEqual(connection.received().length, 0)
          yield* TestClock.adjust("1 millis")
          assert.strictEqual(yield* connection.closed, "ended")
        }).pipe(Effect.scoped),
      { latency: "40 millis" }
    )
  )

  it.effect("closes ports and open connections with its scope, in whatever state they are", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Simulator.layer(anyPort), scope)
      const simulator = Context.get(context, Simulator)
      yield* simulator.scenarios.add({ effect: "TIMEOUT_AFTER" })
      yield* simulator.scenarios.add({ effect: "SLOW_60000" })
      yield* simulator.scenarios.add({ effect: "DRIP" })
      const idle = yield* connect(simulator)
      const busy = yield* Effect.forEach(["1", "2", "3"], (TRAN_NBR) =>
        Effect.tap(connect(simulator), (connection) => connection.send({ ...sale, TRAN_NBR }))
      )
      const control = yield* connect({ url: simulator.controlUrl })
      yield* until(Effect.map(simulator.requests(), ({ length }) => length === 3))
      yield* Scope.close(scope, Exit.void)
      yield* Effect.forEach([idle, control, ...busy], ({ closed }) => closed)
      const again = yield* connect(simulator)
      assert.strictEqual(yield* again.closed, "ECONNREFUSED")
    }).pipe(Effect.scoped)
  )

  it.effect("closes while its port is refusing", () =>
    Effect.gen(function* () {
      const { url } = yield* withSimulator((simulator) =>
        Effect.as(simulator.scenarios.add({ effect: "CONN_REFUSED_500" }), simulator)
      )
      yield* TestClock.adjust("1 second")
      const late = yield* connect({ url })
      assert.strictEqual(yield* late.closed, "ECONNREFUSED")
    }).pipe(Effect.scoped)
  )

  it.effect("closes on a request above 64 KiB, which nobody then handles", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const connection = yield* connect(simulator)
        yield* connection.send({ ...sale, INVOICE_NBR: "x".repeat(65_536) })
        yield* connection.closed
        assert.strictEqual(connection.received().length, 0)
        assert.deepStrictEqual(yield* simulator.requests(), [])
      }).pipe(Effect.scoped)
    )
  )

  it.effect("survives clients that reset, send rubbish or too much", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const rubbish = [
          "\x16\x03\x01\x02",
          "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nCUST",
          "GET // HTTP/1.1\r\n\r\n"
        ]
        const large = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n${"x".repeat(99_999)}`
        for (const url of [simulator.url, simulator.controlUrl]) {
          for (const text of [...rubbish, large]) {
            yield* Effect.callback<void>((resume) => {
              const socket = open(Number(url.port), url.hostname, () => {
                socket.write(text, () => setImmediate(() => socket.resetAndDestroy()))
              })
              socket.on("error", () => {})
              socket.on("close", () => resume(Effect.void))
            })
          }
        }
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "00")
      })
    )
  )
})
