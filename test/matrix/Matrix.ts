import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Ref } from "effect"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import type { Cell } from "./Cells.ts"
import { openStand } from "./Stand.ts"
import { judge, type Verdict } from "./Verdict.ts"
import { openScene, restart, runWave, wavesOf } from "./Wave.ts"

export interface MatrixOptions {
  readonly cells: ReadonlyArray<Cell>
  readonly stands: number
  readonly size: number
  /** Hears of progress. */
  readonly say: (line: string) => void
}

/** What the services wrote last. */
const endOfLogs = (directory: string) =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".log"))
    .map((name) => `${name}: ${readFileSync(join(directory, name), "utf8").slice(-1_500)}`)
    .slice(-2)
    .join("\n")

/** Runs the cells, and judges each but those of a wave that did not come to rest; these are told of as a line each. */
export const runMatrix = Effect.fnUntraced(function* (
  { server, template }: { readonly server: LocalDatabase; readonly template: string },
  { cells, say, size, stands }: MatrixOptions
) {
  const waves = wavesOf(cells, size)
  const next = yield* Ref.make(0)
  const most = Math.max(...waves.map((wave) => wave.cells.length))
  const verdicts: Array<Verdict> = []
  const restless: Array<string> = []
  yield* Effect.forEach(
    Array.from({ length: Math.min(stands, waves.length) }, (_, number) => number),
    (number) =>
      Effect.gen(function* () {
        const stand = yield* openStand(server, template, number, most)
        const scene = yield* openScene(stand)
        while (true) {
          const index = yield* Ref.getAndUpdate(next, (value) => value + 1)
          const wave = waves[index]
          if (wave === undefined) return
          const start = Date.now()
          const runs = yield* runWave(scene, wave, index).pipe(
            Effect.catchTag("Restless", (error) =>
              Effect.gen(function* () {
                restless.push(`${index + 1}/${waves.length}: ${error.message}`)
                say(restless.at(-1) ?? "")
                say(endOfLogs(stand.directory))
                yield* restart(scene)
                return undefined
              })
            )
          )
          if (runs === undefined) continue
          const judged = yield* judge(stand, runs)
          verdicts.push(...judged)
          for (const line of judged.flatMap(({ violations }) => violations)) say(line)
          const wrong = judged.filter(({ violations }) => violations.length > 0).length
          const seconds = ((Date.now() - start) / 1000).toFixed(1)
          say(`${index + 1}/${waves.length}: ${wave.cells.length} cells ${wave.blow}, ${wrong} wrong, ${seconds} s`)
        }
      }).pipe(Effect.scoped),
    { concurrency: "unbounded", discard: true }
  )
  return { verdicts, restless }
})
