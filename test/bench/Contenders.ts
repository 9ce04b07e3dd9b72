import { Effect } from "effect"
import type { BaselineSettings } from "./baseline/Baseline.ts"
import { startChild } from "./Child.ts"
import { type Probed, probed } from "./Probed.ts"
import type { Server } from "./Server.ts"
import { startService } from "./Service.ts"
import type { TraceSink } from "./TraceSink.ts"

/** `services` are several processes of the service on one database. */
export type ContenderName = "baseline" | "service" | "services"

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
  /** Further processes of it, on the same database. */
  readonly peers?: ReadonlyArray<Contender>
}

export interface ContenderOptions {
  readonly database: Server
  readonly gatewayUrl: string
  /** File with the certificate authority of a gateway that speaks TLS. */
  readonly authority?: string | undefined
  /** Without it nobody traces. */
  readonly traces?: TraceSink | undefined
  /** Of `services`; others are one process. */
  readonly processes?: number | undefined
  /** Where the files with its output go. */
  readonly directory: string
}

export const startContender = (name: ContenderName, options: ContenderOptions) => {
  if (name === "baseline") return startBaseline(options)
  if (name === "service") return startService({ ...options, processes: 1 })
  return Effect.map(startService(options), (contender): Contender => ({ ...contender, name }))
}

/** All processes of it. */
export const processesOf = (contender: Contender): ReadonlyArray<Contender> => [contender, ...(contender.peers ?? [])]

export const startBaseline = Effect.fnUntraced(function* (options: ContenderOptions) {
  const { database, gatewayUrl, authority, directory } = options
  const settings: BaselineSettings = {
    database,
    connections: 20,
    gatewayUrl,
    gatewayConnections: 512,
    key: { cust: "7001", merch: "700101", dba: "1", terminal: "1" },
    apiKey: "sk_test_baseline"
  }
  const trust = authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: authority }
  const env = { NODE_ENV: "production", BASELINE: JSON.stringify(settings), ...trust }
  const module = { module: "./baseline/Baseline.ts", hasProbe: true }
  const child = yield* startChild({ name: "baseline", ...module, env, directory })
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
