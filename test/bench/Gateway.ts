import { Effect } from "effect"
import { startChild } from "./Child.ts"
import type { Sum } from "./Gate.ts"
import { ChildFailed } from "./Process.ts"
import type { SimulatorReady, SimulatorSettings } from "./SimulatorProcess.ts"

/** The simulated EPX of one scenario, in a process of its own. */
export interface Gateway {
  readonly pid: number
  readonly url: string
  readonly brics: ReadonlyArray<string>
  /** Forgets all payments, so that each run has a ledger of its own. */
  readonly reset: Effect.Effect<void, ChildFailed>
  readonly ledger: (terminal: string) => Effect.Effect<GatewayLedger, ChildFailed>
}

export interface GatewayLedger {
  readonly captured: Sum
  /** References under which more than one approval stands. */
  readonly doubleCharges: ReadonlyArray<string>
}

export const startGateway = Effect.fnUntraced(function* (settings: SimulatorSettings, directory: string) {
  const env = { NODE_ENV: "production", SIMULATOR: JSON.stringify(settings) }
  const child = yield* startChild({ name: "simulator", module: "./SimulatorProcess.ts", env, directory })
  const { url, controlUrl, brics } = child.ready as SimulatorReady
  const call = (path: string, init?: RequestInit) =>
    Effect.tryPromise({
      try: async () => {
        const response = await fetch(new URL(path, controlUrl), init)
        if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
        return await response.text()
      },
      catch: (error) => new ChildFailed({ message: `The simulator does not answer ${path}: ${error}` })
    })
  const gateway: Gateway = {
    pid: child.pid,
    url,
    brics,
    reset: call("/__sim/reset", { method: "POST" }).pipe(Effect.asVoid),
    ledger: (terminal) =>
      Effect.map(call(`/__sim/ledger?key=${terminal}`), (text) => readLedger(JSON.parse(text), terminal))
  }
  return gateway
})

interface LedgerJson {
  readonly ledger: ReadonlyArray<{
    readonly key: string
    readonly captured: number
    readonly standing: number
    readonly references: Readonly<Record<string, { readonly standing: number }>>
  }>
}

const readLedger = ({ ledger }: LedgerJson, terminal: string): GatewayLedger => {
  const found = ledger.find(({ key }) => key === terminal)
  if (found === undefined) return { captured: { count: 0, cents: 0 }, doubleCharges: [] }
  return {
    captured: { count: found.standing, cents: found.captured },
    doubleCharges: Object.entries(found.references).flatMap(([reference, { standing }]) =>
      standing > 1 ? [reference] : []
    )
  }
}
