import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"
import { http2Client } from "../http/Http2Client.ts"
import { workplace } from "../local/Workplace.ts"
import { callsOf, reaches } from "./Books.ts"
import { runToEnd, until } from "./Program.ts"
import { bodyOf, headersOf, statusOf } from "./Shop.ts"
import { Stand } from "./Stand.ts"

/** Files with the certificate and its key, as the environment names them. */
const files = Effect.map(workplace(), (directory) => {
  const [TLS_CERT_FILE, TLS_KEY_FILE] = [join(directory, "cert.pem"), join(directory, "key.pem")]
  writeFileSync(TLS_CERT_FILE, TestCertificates.trusted)
  writeFileSync(TLS_KEY_FILE, TestCertificates.key)
  return { TLS_CERT_FILE, TLS_KEY_FILE }
})

layer(Stand.layer, { excludeTestServices: true })("API-5: the service with a certificate", (it) => {
  it.effect("answers a payment by HTTP/2 that is under way when it is told to end, and then ends", () =>
    Effect.gen(function* () {
      const { simulator, start } = yield* Stand
      const { access, ended, opsUrl, signal, stdout } = yield* start(yield* files)
      const origin = access.url.replace("http:", "https:")
      assert.include(stdout(), origin)
      assert.strictEqual(yield* statusOf(`${opsUrl}/health/live`), 200)
      const order = { key: "by-http2", amount: 700 }
      yield* simulator.scenarios.add({ effect: "SLOW_3000" })
      const [client, idle] = yield* Effect.all([http2Client(origin), http2Client(origin)])
      const asked = yield* Effect.forkChild(
        client.request({ path: "/v1/payments", headers: headersOf(access, order), body: bodyOf(order) })
      )
      yield* reaches(order.key)
      yield* signal("SIGTERM")
      yield* idle.closed
      assert.isUndefined(asked.pollUnsafe())
      yield* until(Effect.exit(Effect.scoped(http2Client(origin))), ({ _tag }) => _tag === "Failure")
      const answer = yield* Fiber.join(asked)
      assert.strictEqual(answer.status, 201)
      assert.strictEqual(answer.json.status, "captured")
      assert.strictEqual(yield* ended, 0)
      const [charge] = yield* callsOf(order.key)
      assert.deepInclude(charge, { type: "sale", status: "approved" })
    })
  )

  it.effect("does not start with what is none, and says so before it does anything", () =>
    Effect.gen(function* () {
      const { directory } = yield* Stand
      const { TLS_CERT_FILE } = yield* files
      const told = (env: Readonly<Record<string, string>>) =>
        Effect.map(runToEnd(["serve"], { LOCAL_DIRECTORY: directory, ...env }), ({ code, stderr, stdout }) => {
          assert.deepStrictEqual([code, stdout], [1, ""])
          return stderr.trimEnd().split("\n")
        })
      assert.deepStrictEqual(yield* told({ TLS_CERT_FILE }), [
        "The configuration is not valid:",
        "  - TLS_KEY_FILE: is required with TLS_CERT_FILE"
      ])
      assert.deepStrictEqual(yield* told({ TLS_CERT_FILE: `${TLS_CERT_FILE}.gone`, TLS_KEY_FILE: TLS_CERT_FILE }), [
        "The certificate cannot be used:",
        "  - TLS_CERT_FILE: there is no such file",
        "  - TLS_KEY_FILE: must be a private key in PEM"
      ])
    })
  )
})
