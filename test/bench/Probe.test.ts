import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { startChild } from "./Child.ts"
import { probed } from "./Probed.ts"
import { nextMessage, startProcess } from "./Process.ts"

/** Runs this text as a process with the probe. */
const options = Effect.fnUntraced(function* (text: string) {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "probe-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const module = join(directory, "subject.mjs")
  writeFileSync(module, text)
  return { name: "subject", module: pathToFileURL(module).href, env: {}, directory, hasProbe: true }
})

/** Does what it is told, and says when it has. */
const obedient = `
import { openSync } from "node:fs"
const kept = []
const deeds = {
  block: () => { for (const until = performance.now() + 300; performance.now() < until;); },
  keep: () => kept.push(Array.from({ length: 1e6 }, (_, n) => ({ n }))),
  release: () => { kept.length = 0 },
  open: () => { for (let n = 0; n < 7; n++) openSync(process.execPath) },
  wait: () => { for (let n = 0; n < 5; n++) setTimeout(() => {}, 60_000) }
}
process.on("message", ({ deed }) => {
  if (deed === undefined) return
  deeds[deed]()
  // A timer later, so that the monitor has counted what was done.
  setTimeout(() => process.send({ kind: "done" }), 50)
})
setInterval(() => {}, 60_000)
process.send({ kind: "ready" })
`

describe("Probe", () => {
  it.live("tells of delays since it was last asked, of the heap, of files and of timers", () =>
    Effect.gen(function* () {
      const subject = yield* startChild(yield* options(obedient))
      const { eventLoopDelay, probe } = probed(subject)
      const before = yield* probe
      yield* Effect.forEach(["block", "keep", "open", "wait"], (deed) => subject.ask({ deed }))
      const after = yield* probe
      assert.isAtLeast(after.eventLoopDelay.max, 250)
      assert.isAtMost(after.eventLoopDelay.p50, 100)
      assert.isAtLeast(after.heap - before.heap, 10)
      assert.strictEqual(after.resources - before.resources, 5)
      if (before.descriptors !== undefined) assert.strictEqual(after.descriptors, before.descriptors + 7)

      yield* subject.ask({ deed: "release" })
      assert.isAtMost((yield* eventLoopDelay).max, 250)
      assert.isAtMost((yield* probe).heap - before.heap, 2)
    })
  )

  it.live("keeps no process alive, and fails when there is none any more", () =>
    Effect.gen(function* () {
      const subject = yield* startProcess(yield* options("setTimeout(() => {}, 100)"))
      yield* Effect.flip(nextMessage(subject, "ready"))
      assert.strictEqual(subject.process.exitCode, 0)
      assert.match((yield* Effect.flip(probed(subject).probe)).message, /The subject failed/)
    })
  )

  it.live("ends a process whose starter is gone", () =>
    Effect.gen(function* () {
      const subject = yield* startChild(yield* options(obedient))
      subject.process.disconnect()
      yield* Effect.promise(() => once(subject.process, "exit"))
      assert.strictEqual(subject.process.signalCode, "SIGTERM")
    })
  )
})
