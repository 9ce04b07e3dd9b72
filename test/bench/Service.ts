import { randomBytes } from "node:crypto"
import { Effect } from "effect"
import type { Contender, ContenderOptions } from "./Contenders.ts"
import { type Merchant, makeMerchant } from "./Merchant.ts"
import { probed } from "./Probed.ts"
import { urlOf } from "./Server.ts"
import { type Environment, launchService } from "./ServiceProcess.ts"

/** What production keeps of the traces when nobody says otherwise. */
export const sampledShare = 0.1

/** The service as it runs in production, but for addresses and keys. */
export const startService = Effect.fnUntraced(function* (options: ContenderOptions) {
  const env = productionLike(options)
  const merchant = yield* makeMerchant(env)
  const first = yield* startOne(options, env, merchant, "service")
  const peers = yield* Effect.forEach(
    Array.from({ length: (options.processes ?? 1) - 1 }, (_, n) => `service-${n + 2}`),
    (name) => startOne(options, env, merchant, name)
  )
  const contender: Contender = { ...first, peers }
  return contender
})

const startOne = Effect.fnUntraced(function* (
  { database, traces, directory }: ContenderOptions,
  env: Environment,
  merchant: Merchant,
  name: string
) {
  const { running, url } = yield* launchService({ name, env, directory })
  const contender: Contender = {
    name: "service",
    pid: running.pid,
    url,
    ...merchant,
    database,
    traces,
    ...probed(running)
  }
  return contender
})

/** Production itself refuses a gateway without TLS; what else it sets is set here. */
export const productionLike = ({ database, gatewayUrl, traces, authority }: ContenderOptions): Environment => ({
  APP_ENV: "test",
  NODE_ENV: "production",
  LOG_FORMAT: "json",
  ENCRYPTION_KEYS: `bench:${randomBytes(32).toString("base64")}`,
  FINGERPRINT_KEY: randomBytes(32).toString("base64"),
  DATABASE_URL: urlOf(database),
  EPX_TEST_URL: gatewayUrl,
  ...(authority !== undefined && { NODE_EXTRA_CA_CERTS: authority }),
  ...(traces && { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_TRACES_SAMPLER_ARG: String(sampledShare) })
})
