import { spawn } from "node:child_process"
import { appendFileSync, cpSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { processesOf, workplace } from "../local/Workplace.ts"
import { childEnvironment } from "../support/ChildEnvironment.ts"
import { portVariables } from "./Place.ts"
import { until } from "./Program.ts"

const copied = ["src", "migrations", "bin", "package.json"]

/** `npm run dev` in a copy of the project, and how often it has become ready so far. */
const startDev = (directory: string, env: Readonly<Record<string, string>>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn("npm", ["run", "dev"], {
          cwd: directory,
          env: { ...childEnvironment(), ...env },
          // A group of its own: npm does not hand every signal on.
          detached: true
        })
        const printed = { stdout: "" }
        child.stdout.setEncoding("utf8").on("data", (text) => {
          printed.stdout += text
        })
        return { child, printed }
      }),
      ({ child }) =>
        Effect.andThen(
          Effect.sync(() => child.pid && process.kill(-child.pid, "SIGTERM")),
          until(
            Effect.sync(() => processesOf(directory)),
            (left) => left.length === 0
          )
        )
    ),
    ({ printed }) => Effect.sync(() => printed.stdout.split("Stop with Ctrl-C.").length - 1)
  )

it.live(
  "npm run dev serves a change within two seconds",
  () =>
    Effect.gen(function* () {
      const directory = yield* workplace()
      for (const name of copied) cpSync(name, join(directory, name), { recursive: true })
      symlinkSync(join(process.cwd(), "node_modules"), join(directory, "node_modules"))
      const timesReady = yield* startDev(directory, yield* portVariables)
      yield* until(timesReady, (times) => times === 1)
      for (const change of [1, 2, 3]) {
        appendFileSync(join(directory, "src", "payments", "Payments.ts"), `// ${change}\n`)
        const [reload] = yield* Effect.timed(until(timesReady, (times) => times > change))
        yield* Effect.logInfo(`reload ${Duration.format(reload)}`)
        assert.isBelow(Duration.toMillis(reload), 2_000)
      }
    }),
  60_000
)
