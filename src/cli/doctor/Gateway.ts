import { Clock, Duration, Effect, Option } from "effect"
import { type Handshake, handshake, type NoHandshake } from "../../epx/Handshake.ts"
import { epxUrls, type Settings } from "../../Settings.ts"
import { type Finding, failed, ok, warning } from "./Finding.ts"
import { type NoAddress, resolve } from "./HostName.ts"
import { within } from "./Within.ts"

/** As long as a call waits for its connection. */
const limit = Duration.seconds(5)

/** When the end of a certificate is told. */
const notice_days = 14

/** Whether EPX can be reached where the settings say it is. No transaction is sent, nor anything else. */
export const checkGateways = (settings: Settings): ReadonlyArray<Effect.Effect<ReadonlyArray<Finding>>> => {
  const named = epxUrls.flatMap((name) =>
    Option.match(settings[name], { onNone: () => [], onSome: (url) => [checkGateway(name, url)] })
  )
  const isSimulated = Option.isNone(settings.EPX_TEST_URL) && !settings.isProduction
  const simulated = ok("EPX_TEST_URL", "Not set, so the service starts the simulator in its place.")
  return isSimulated ? [Effect.succeed([simulated]), ...named] : named
}

const checkGateway = (name: string, url: URL) =>
  within(
    Effect.andThen(resolve(url.hostname.replace(/^\[|\]$/g, "")), handshake(url)).pipe(
      Effect.flatMap((made) => Effect.map(Clock.currentTimeMillis, (now) => judge(name, url, made, now))),
      Effect.catch((error) => Effect.succeed(failed(name, `${url.host}: ${error.message}.`, adviceFor(name, error))))
    ),
    limit,
    () => Effect.succeed(failed(name, `${url.host}: no connection within ${Duration.format(limit)}.`, reach(name)))
  ).pipe(Effect.map((finding) => [finding]))

/** What a connection says of the gateway at this time. */
export const judge = (name: string, { host }: URL, { tls }: Handshake, now_ms: number): Finding => {
  if (Option.isNone(tls)) return ok(name, `${host} takes connections, without TLS.`)
  const { validUntil_ms, version } = tls.value
  const days = Math.floor((validUntil_ms - now_ms) / 86_400_000)
  return days < notice_days
    ? warning(
        name,
        `${host} answers with ${version}, but its certificate ends in ${days} days.`,
        "After that no call can be made: ask its owner for the new one."
      )
    : ok(name, `${host} answers with ${version}; its certificate is trusted and holds for ${days} days.`)
}

const reach = (name: string) => `Check ${name}, and that the network lets this machine out to there.`

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO/

const adviceFor = (name: string, error: NoAddress | NoHandshake) => {
  if (error._tag === "NoAddress") return `Check ${name} and the name servers of this machine.`
  return untrusted.test(error.code)
    ? `No call will trust it. Check ${name}, this machine's clock and whether something on the way opens TLS;` +
        " NODE_EXTRA_CA_CERTS adds an authority."
    : reach(name)
}
