import { Effect } from "effect"
import { probed } from "../bench/Probed.ts"
import { nextMessage, startProcess } from "../bench/Process.ts"
import { type Environment, poll } from "../process/Program.ts"
import { readDemo } from "../process/Shop.ts"
import { freePorts } from "../support/Ports.ts"
import { fibersQuestion } from "./Fibers.ts"

/** The service in a process of its own, which can be looked into. */
export const startService = Effect.fnUntraced(function* (directory: string, env: Environment) {
  const [port, opsPort] = yield* freePorts(2)
  const service = yield* startProcess({
    name: "service",
    module: "../../src/cli.ts",
    args: ["serve"],
    env: {
      ...env,
      PORT: `${port}`,
      OPS_PORT: `${opsPort}`,
      NODE_OPTIONS: `--import ${new URL("./Fibers.ts", import.meta.url).href}`
    },
    directory,
    hasProbe: true
  })
  const { api_key } = yield* Effect.try(() => readDemo(env.LOCAL_DIRECTORY ?? "")).pipe(
    Effect.retry(poll),
    Effect.timeoutOrElse({ duration: "70 seconds", orElse: () => service.failure() })
  )
  return {
    pid: service.pid,
    url: `http://127.0.0.1:${port}`,
    apiKey: api_key,
    probe: probed(service).probe,
    fibers: Effect.map(nextMessage(service, "probed", fibersQuestion), Number),
    metrics: Effect.tryPromise(async () => (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text())
  }
})

export type Service = Effect.Success<ReturnType<typeof startService>>
