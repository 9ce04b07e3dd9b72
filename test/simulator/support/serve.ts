import { createInterface } from "node:readline"
import { Effect } from "effect"
import { Simulator } from "../../../src/simulator/Simulator.ts"

const write = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

// A simulator in a process of its own. It says where it is, then for each line that comes what it has spent and sold,
// and ends with its input.
const serve = Effect.gen(function* () {
  const simulator = yield* Simulator
  const lines = createInterface({ input: process.stdin })
  write({ url: simulator.url.href })
  yield* Effect.callback<void>((resume) => {
    lines.on("line", () => {
      const { user, system } = process.cpuUsage()
      const sold = Effect.runSync(simulator.ledger()).map(({ captured }) => captured)
      write({ cpuMs: (user + system) / 1000, sold })
    })
    lines.on("close", () => resume(Effect.void))
  })
})

Effect.runFork(serve.pipe(Effect.provide(Simulator.layer({ port: 0, controlPort: 0 }))))
