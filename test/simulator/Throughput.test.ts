import { spawn } from "node:child_process"
import net from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Queue, Schema } from "effect"
import { sale } from "./support/Client.ts"

const Started = Schema.fromJsonString(Schema.Struct({ url: Schema.URLFromString }))
const Report = Schema.fromJsonString(Schema.Struct({ cpuMs: Schema.Number, sold: Schema.Array(Schema.Int) }))

/** A simulator in another process, spoken to by lines. */
const spawned = Effect.gen(function* () {
  const lines = yield* Queue.unbounded<string>()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [fileURLToPath(new URL("./support/serve.ts", import.meta.url))])),
    (child) =>
      Effect.callback<void>((resume) => {
        child.once("close", () => resume(Effect.void))
        child.stdin.end()
      })
  )
  createInterface({ input: child.stdout }).on("line", (line) => Queue.offerUnsafe(lines, line))
  const { url } = yield* Effect.flatMap(Queue.take(lines), Schema.decodeEffect(Started))
  const report = Effect.sync(() => child.stdin.write("report\n")).pipe(
    Effect.andThen(Queue.take(lines)),
    Effect.flatMap(Schema.decodeEffect(Report))
  )
  return { url, report }
})

const isApproved = (port: number, tranNbr: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const body = new URLSearchParams({ ...sale, TRAN_NBR: `${tranNbr}`, USER_DATA_1: `pay_${tranNbr}` }).toString()
    const socket = net.connect(port, "127.0.0.1")
    let answer = ""
    socket.on("data", (chunk) => {
      answer += chunk
    })
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(answer.includes('"AUTH_RESP">00<'))))
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
  })

describe("throughput", () => {
  it.live(
    "spends less than half a millisecond on a sale",
    () =>
      Effect.gen(function* () {
        const { url, report } = yield* spawned
        const run = (from: number, count: number) =>
          Effect.forEach(
            Array.from({ length: count }, (_, index) => from + index),
            (tranNbr) => isApproved(Number(url.port), tranNbr),
            { concurrency: 64 }
          )
        yield* run(1, 3000)
        const before = yield* report
        const startedAt = yield* Clock.currentTimeMillis
        const approved = yield* run(10_000, 6000)
        const seconds = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
        const after = yield* report
        assert.isTrue(approved.every((isGood) => isGood))
        assert.deepStrictEqual(after.sold, [9000 * 1200])
        // The rate depends on what else the machine does; the processor time of one sale far less.
        const cpuMs = (after.cpuMs - before.cpuMs) / 6000
        yield* Effect.log(`simulator: ${Math.round(6000 / seconds)} sales/s, ${cpuMs.toFixed(3)} ms CPU each`)
        assert.isBelow(cpuMs, 0.5)
      }).pipe(Effect.scoped),
    30_000
  )
})
