import { type Duration, Effect } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { freePorts } from "../support/Ports.ts"
import { ChildFailed, hasEnded, startProcess } from "./Process.ts"

export const serviceModule = "../../src/cli.ts"

/** The limits of memory that `npm start` sets are part of what is measured. */
const nodeOptions = packageJson.scripts.start.split(" ").filter((word) => word.startsWith("--max-"))

export type Environment = Readonly<Record<string, string>>

export interface LaunchOptions {
  readonly name: string
  readonly env: Environment
  readonly directory: string
  /** How long to wait between looks whether it is ready. */
  readonly poll?: Duration.Input
}

/** One process of the service, on ports of its own, once it is ready. */
export const launchService = (options: LaunchOptions) =>
  Effect.timeoutOrElse(launch(options), {
    duration: "60 seconds",
    orElse: () => new ChildFailed({ message: `The ${options.name} was not ready after a minute.` })
  })

const launch = Effect.fnUntraced(function* ({ name, env, directory, poll = "50 millis" }: LaunchOptions) {
  const [port, opsPort] = yield* freePorts(2)
  const ports = { PORT: String(port), OPS_PORT: String(opsPort) }
  const module = { module: serviceModule, args: ["serve"], nodeOptions, hasProbe: true }
  const startedAt = performance.now()
  const running = yield* startProcess({ name, ...module, env: { ...env, ...ports }, directory })
  const isReady = Effect.tryPromise(() => fetch(`http://127.0.0.1:${opsPort}/health/ready`)).pipe(
    Effect.map(({ status }) => status === 200),
    Effect.orElseSucceed(() => false)
  )
  while (!(yield* isReady)) {
    if (hasEnded(running.process)) return yield* running.failure()
    yield* Effect.sleep(poll)
  }
  return { running, url: `http://127.0.0.1:${port}`, readyAfter: performance.now() - startedAt }
})
