import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { handshake } from "../../src/epx/Handshake.ts"
import { eventually } from "../local/Workplace.ts"
import { blackhole, closedPort, foreignCertificate, listen, testCertificate } from "./Ports.ts"

const at = (port: number, scheme = "https") => new URL(`${scheme}://127.0.0.1:${port}/epx`)

const refusal = (url: URL, ca?: string) => Effect.map(Effect.flip(handshake(url, { ca })), ({ code }) => code)

describe("a handshake", () => {
  it.live("tells what was agreed on, and not a byte of a request is sent", () =>
    Effect.gen(function* () {
      const server = yield* listen({ certificate: testCertificate })
      const { tls } = yield* handshake(at(server.port), { ca: testCertificate })
      const { validUntil_ms, version } = Option.getOrThrow(tls)
      assert.strictEqual(version, "TLSv1.3")
      assert.strictEqual(new Date(validUntil_ms).getFullYear(), 2126)
      yield* eventually(() => server.connections() === 1 && server.open() === 0)
      assert.strictEqual(server.received(), "")
    })
  )

  it.live("over plain HTTP is a connection, and nothing is sent either", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      assert.isTrue(Option.isNone((yield* handshake(at(server.port, "http"))).tls))
      yield* eventually(() => server.connections() === 1 && server.open() === 0)
      assert.strictEqual(server.received(), "")
    })
  )

  it.live("fails where nobody listens, and where no certificate is to be trusted", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusal(at(yield* closedPort)), "ECONNREFUSED")
      const signedByItself = yield* listen({ certificate: testCertificate })
      assert.strictEqual(yield* refusal(at(signedByItself.port)), "DEPTH_ZERO_SELF_SIGNED_CERT")
      const ofAnother = yield* listen({ certificate: foreignCertificate })
      assert.strictEqual(yield* refusal(at(ofAnother.port), foreignCertificate), "ERR_TLS_CERT_ALTNAME_INVALID")
      const plain = yield* listen({ onConnection: (socket) => socket.end("no TLS here") })
      assert.notStrictEqual(yield* refusal(at(plain.port)), "")
    })
  )

  it.live("is given up at once", () =>
    Effect.gen(function* () {
      const silent = yield* listen({})
      for (const port of [silent.port, yield* blackhole]) {
        assert.isTrue(Option.isNone(yield* Effect.timeoutOption(handshake(at(port)), "100 millis")))
      }
      yield* eventually(() => silent.open() === 0)
    })
  )
})
