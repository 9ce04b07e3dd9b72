import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Dispatcher } from "@effect/platform-node/Undici"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Clients } from "../../src/epx/Clients.ts"

/** A server that answers once so many requests wait for it, and says how many that ever were. */
const together = (size: number) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly origin: string; readonly stop: () => void }>((resume) => {
      const waiting: Array<() => void> = []
      const server = createServer((_, response) => {
        waiting.push(() => response.writeHead(200, { connection: "close" }).end("ok"))
        if (waiting.length === size) for (const answer of waiting.splice(0)) answer()
      })
      server.listen(0, "127.0.0.1", () => {
        // cast: a server that listens on a port has such an address.
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ origin: `http://127.0.0.1:${port}`, stop: () => server.close() }))
      })
    }),
    ({ stop }) => Effect.sync(stop)
  )

const call = (clients: Clients, origin: string) =>
  Effect.callback<string>((resume) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onResponseStart: () => {},
      onResponseData: () => {},
      onResponseEnd: () => resume(Effect.succeed("answered")),
      onResponseError: (_, error) => resume(Effect.succeed(error.message))
    }
    clients.dispatch({ origin, path: "/", method: "POST", body: "a=b", reset: true }, handler)
  })

describe("Clients", () => {
  it.live("send each call on a connection of its own, again and again, without one behind another", () =>
    Effect.gen(function* () {
      const { origin } = yield* together(20)
      const clients = new Clients({ timeout: 5_000 })
      for (let round = 0; round < 5; round++) {
        // The server answers none of them before all have come.
        const answers = yield* Effect.forEach(Array.from({ length: 20 }), () => call(clients, origin), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(new Set(answers), new Set(["answered"]))
      }
      yield* Effect.forEach(clients.destroy(), (ended) => Effect.promise(() => ended))
      assert.notStrictEqual(yield* call(clients, origin), "answered")
    })
  )
})
