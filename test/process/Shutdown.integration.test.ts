import { connect } from "node:net"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { becomes, callsOf, endLease, reaches, received, standing } from "./Books.ts"
import { until } from "./Program.ts"
import { bodyOf, headersOf, paymentOf, sell, statusOf } from "./Shop.ts"
import { Stand } from "./Stand.ts"

const amount = 700

/** Writes the request on a bare connection and returns how to tear that. */
const sendBarely = (url: string, headers: Readonly<Record<string, string>>, body: string) =>
  Effect.sync(() => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const lines = Object.entries({ host: hostname, "content-length": `${Buffer.byteLength(body)}`, ...headers })
    socket.write(`POST /v1/payments HTTP/1.1\r\n${lines.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n${body}`)
    return Effect.sync(() => socket.destroy())
  })

layer(Stand.layer, { excludeTestServices: true })("a call that has begun", (it) => {
  it.effect("is stored when its client has gone", () =>
    Effect.gen(function* () {
      const { simulator, start } = yield* Stand
      const { access } = yield* start()
      const order = { key: "client-gone", amount }
      yield* simulator.scenarios.add({ effect: "SLOW_300" })
      const tear = yield* sendBarely(access.url, headersOf(access, order), bodyOf(order))
      yield* reaches(order.key)
      yield* tear
      yield* becomes(order.key, "approved")
      assert.deepStrictEqual(yield* received(order.key), ["CCE1"])
    })
  )

  it.effect("and that nobody waits for, such as a reversal, is stored before the service ends", () =>
    Effect.gen(function* () {
      const { simulator, start } = yield* Stand
      const { access, ended, signal } = yield* start()
      const order = { key: "reversal", amount }
      yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7" }, effect: "SLOW_2000" })
      yield* simulator.scenarios.add({ effect: "RESET_AFTER" })
      assert.strictEqual(paymentOf(yield* sell(access, order)).status, "unknown")
      yield* until(received(order.key), (types) => types.includes("CCE7"))
      yield* signal("SIGTERM")
      assert.strictEqual(yield* ended, 0)
      const [, reversal] = yield* callsOf(order.key)
      assert.deepInclude(reversal, { type: "reversal", status: "approved" })
    })
  )

  it.effect("is answered before the service ends, which takes no other and says that it is not ready", () =>
    Effect.gen(function* () {
      const { simulator, start } = yield* Stand
      const { access, ended, opsUrl, signal, stdout } = yield* start()
      const order = { key: "term", amount }
      yield* simulator.scenarios.add({ effect: "SLOW_5000" })
      const asked = yield* Effect.forkChild(sell(access, order))
      yield* reaches(order.key)
      yield* signal("SIGTERM")
      assert.strictEqual(yield* until(statusOf(`${opsUrl}/health/ready`), (status) => status !== 200), 503)
      yield* until(Effect.isFailure(sell(access, { key: "too-late", amount })), (isRefused) => isRefused)
      assert.strictEqual(yield* statusOf(`${opsUrl}/health/live`), 200)

      const answer = yield* Fiber.join(asked)
      assert.strictEqual(answer.status, 201)
      assert.strictEqual(paymentOf(answer).status, "captured")
      assert.strictEqual(yield* ended, 0)
      assert.include(stdout(), "Shutting down")
      assert.lengthOf(yield* callsOf("too-late"), 0)
    })
  )

  it.effect(
    "is taken on while balancers look away, each the last of its connection, and a second signal ends that",
    () =>
      Effect.gen(function* () {
        const { start } = yield* Stand
        const { access, ended, opsUrl, signal } = yield* start({ SHUTDOWN_DELAY: "30 seconds" })
        yield* signal("SIGTERM")
        yield* until(statusOf(`${opsUrl}/health/ready`), (status) => status === 503)
        const answer = yield* Effect.promise(() =>
          fetch(`${access.url}/v1/payments`, { headers: { authorization: `Bearer ${access.apiKey}` } })
        )
        assert.deepStrictEqual([answer.status, answer.headers.get("connection")], [200, "close"])
        assert.strictEqual((yield* sell(access, { key: "delayed", amount })).status, 201)
        yield* signal("SIGINT")
        assert.strictEqual(yield* ended, 1)
      })
  )

  it.effect("is left to the resolver after a second signal, which ends the service at once", () =>
    Effect.gen(function* () {
      const { simulator, start } = yield* Stand
      const { access, ended, signal, stdout } = yield* start()
      const order = { key: "second", amount }
      yield* simulator.scenarios.add({ effect: "SLOW_30000" })
      yield* Effect.forkChild(Effect.exit(sell(access, order)))
      yield* reaches(order.key)
      yield* signal("SIGTERM")
      yield* until(Effect.sync(stdout), (text) => text.includes("Shutting down"))
      yield* signal("SIGINT")
      assert.strictEqual(yield* ended, 1)

      yield* endLease(order.key)
      yield* start()
      yield* becomes(order.key, "reversed")
      assert.deepStrictEqual(yield* received(order.key), ["CCE1", "CCE7"])
      assert.strictEqual(yield* standing(simulator, order.key), 0)
    })
  )
})
