import { Effect } from "effect"
import { Simulator } from "../../../src/simulator/Simulator.ts"

// A simulator in a process of its own: it prints its URL and runs until its input ends.
const serve = Effect.gen(function* () {
  const simulator = yield* Simulator
  process.stdout.write(`${simulator.url.href}\n`)
  yield* Effect.callback<void>((resume) => {
    process.stdin.resume().once("end", () => resume(Effect.void))
  })
})

Effect.runFork(serve.pipe(Effect.provide(Simulator.layer({ port: 0, controlPort: 0 }))))
