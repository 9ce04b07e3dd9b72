import { execFile } from "node:child_process"
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { Effect, Option, Schema } from "effect"

/** The browser of this machine, if it has one: `apt-get install chromium`. */
export const chromium = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((path) => Option.isSome(Option.liftThrowable(accessSync)(path, constants.X_OK)))

/** What became of a page once its scripts had run. */
export interface Visit {
  /** The document as it then stood. */
  readonly dom: string
  /** What the page and the browser's security checks wrote to the console. */
  readonly console: ReadonlyArray<string>
  /** Every URL that was asked for, of the browser's own making too. */
  readonly requested: ReadonlyArray<string>
}

const NetLog = Schema.fromJsonString(
  Schema.Struct({
    events: Schema.Array(
      Schema.Struct({ params: Schema.optionalKey(Schema.Struct({ url: Schema.optionalKey(Schema.String) })) })
    )
  })
)

/** Opens the page in a browser of its own, which sees this machine only. */
export const visit = (url: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "browser-test-"))),
    Effect.fnUntraced(function* (folder) {
      const { stderr, stdout } = yield* run([...flags(folder), url])
      const { events } = yield* Schema.decodeEffect(NetLog)(readFileSync(join(folder, "net.json"), "utf8"))
      const visited: Visit = {
        dom: stdout,
        console: stderr.split("\n").filter((line) => line.includes(":CONSOLE")),
        requested: [...new Set(events.flatMap(({ params }) => params?.url ?? []))]
      }
      return visited
    }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
  )

const flags = (folder: string): ReadonlyArray<string> => [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  // It would ask for the models of its own features, which takes longer than some pages and less than others.
  "--disable-features=OptimizationHints,OptimizationGuideModelDownloading",
  "--no-first-run",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  `--user-data-dir=${folder}/profile`,
  `--log-net-log=${folder}/net.json`,
  "--enable-logging=stderr",
  "--virtual-time-budget=15000",
  "--dump-dom"
]

const run = (args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly stdout: string; readonly stderr: string }>((resume) => {
    const options = { maxBuffer: 2 ** 26, killSignal: "SIGKILL" } as const
    const child = execFile(chromium ?? "chromium", args, options, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed({ stdout, stderr }) : Effect.die(error))
    )
    return Effect.sync(() => void child.kill("SIGKILL"))
  })
