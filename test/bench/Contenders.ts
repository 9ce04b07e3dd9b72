import { Effect } from "effect"
import type { BaselineSettings } from "./baseline/Baseline.ts"
import { startChild } from "./Child.ts"
import type { ContenderName } from "./Options.ts"
import { type Probed, probed } from "./Probed.ts"
import type { Server } from "./Server.ts"
import { startService } from "./Service.ts"
import type { TraceSink } from "./TraceSink.ts"

/** A running contender. */
export interface Contender extends Probed {
  readonly name: ContenderName
  readonly pid: number
  readonly url: string
  readonly apiKey: string
  readonly database: Server
  /** Its four-part key at the gateway, joined by `-`. */
  readonly terminal: string
  /** Where its traces go, if it makes any. */
  readonly traces?: TraceSink | undefined
}

export interface ContenderOptions {
  readonly database: Server
  readonly gatewayUrl: string
  /** Without it nobody traces. */
  readonly traces?: TraceSink | undefined
  /** Where the files with its output go. */
  readonly directory: string
}

export const startContender = (name: ContenderName, options: ContenderOptions) =>
  name === "baseline" ? startBaseline(options) : startService(options)

const startBaseline = Effect.fnUntraced(function* ({ database, gatewayUrl, directory }: ContenderOptions) {
  const settings: BaselineSettings = {
    database,
    connections: 20,
    gatewayUrl,
    gatewayConnections: 512,
    key: { cust: "7001", merch: "700101", dba: "1", terminal: "1" },
    apiKey: "sk_test_baseline"
  }
  const env = { NODE_ENV: "production", BASELINE: JSON.stringify(settings) }
  const child = yield* startChild({
    name: "baseline",
    module: "./baseline/Baseline.ts",
    env,
    directory,
    hasProbe: true
  })
  const contender: Contender = {
    name: "baseline",
    pid: child.pid,
    url: String(child.ready),
    apiKey: settings.apiKey,
    database,
    terminal: Object.values(settings.key).join("-"),
    ...probed(child)
  }
  return contender
})
