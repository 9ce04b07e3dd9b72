import { fileURLToPath } from "node:url"
import { Effect, Layer, Option, Predicate, Redacted, Schema } from "effect"
import { SqlError } from "effect/sql/SqlError"
import { loadCertificate } from "./http/Certificate.ts"
import { EmbeddedPostgres } from "./local/EmbeddedPostgres.ts"
import { localKeys } from "./local/LocalKeys.ts"
import type { CipherKeys } from "./postgres/ColumnCipher.ts"
import type { Connection } from "./postgres/Database.ts"
import { migrate } from "./postgres/Migrations.ts"
import type { Settings } from "./Settings.ts"
import { Simulator } from "./simulator/Simulator.ts"

/** DATABASE_URL names a database that cannot be used as it stands. */
class DatabaseUnusable extends Schema.TaggedError<DatabaseUnusable>()("DatabaseUnusable", {
  place: Schema.String,
  problem: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `The database at ${this.place} cannot be used: ${this.problem}. See DATABASE_URL.`
  }
}

/** The database with the newest schema, and the migrations that were applied to get there. */
export const databaseOf = Effect.fnUntraced(function* (settings: Settings) {
  const connection = yield* connectionOf(settings)
  const applied = yield* migrate(connection, migrationsDirectory).pipe(
    Effect.catchIf(
      (error) => error instanceof SqlError && Option.isSome(settings.DATABASE_URL),
      (cause) => Effect.fail(unusable(settings.DATABASE_URL, cause))
    )
  )
  return { connection, applied }
})

/** Where a URL leads, without its password. */
export const placeOf = (url: Redacted.Redacted) => {
  const { host, pathname } = new URL(Redacted.value(url))
  return `${host}${pathname}`
}

const unusable = (url: Settings["DATABASE_URL"], cause: { readonly message: string }) => {
  const reason = cause instanceof SqlError ? cause.reason.cause : undefined
  const problem = Predicate.isError(reason) && reason.message !== "" ? reason.message : cause.message
  return new DatabaseUnusable({ place: Option.match(url, { onNone: () => "", onSome: placeOf }), problem, cause })
}

/** The database the environment names, or the embedded one, which runs as long as somebody uses it. */
const connectionOf = Effect.fnUntraced(function* ({ DATABASE_URL, LOCAL_DIRECTORY }: Settings) {
  if (Option.isSome(DATABASE_URL)) {
    const connection: Connection = { url: DATABASE_URL.value }
    return connection
  }
  yield* Effect.logInfo("Preparing the embedded Postgres (the first start takes a few seconds)")
  const services = yield* Layer.build(EmbeddedPostgres.layer({ dataDirectory: embeddedIn(LOCAL_DIRECTORY) }))
  const connection: Connection = yield* Effect.flatMap(EmbeddedPostgres, ({ createDatabase }) =>
    createDatabase(embeddedDatabase)
  ).pipe(Effect.provideContext(services))
  return connection
})

/** Where the embedded Postgres keeps its data, and the name of its database. */
export const embeddedIn = (localDirectory: string) => `${localDirectory}/postgres`
export const embeddedDatabase = "payments"

/** EPX as the environment names it, or the simulator in its place. */
export const epxOf = Effect.fnUntraced(function* (settings: Settings) {
  const { EPX_TEST_LOOKUP_URL, EPX_TEST_URL } = settings
  const allowPlain = !settings.isProduction
  const live = Option.getOrUndefined(settings.EPX_LIVE_URL)
  const liveLookUps = Option.getOrUndefined(settings.EPX_LIVE_LOOKUP_URL)
  const at = (test: URL | undefined, testLookUps: URL | undefined) => ({
    wire: { keepAlive: settings.EPX_KEEP_ALIVE, allowPlain, urls: { test, live } },
    lookUps: { allowPlain, urls: { test: Option.getOrElse(EPX_TEST_LOOKUP_URL, () => testLookUps), live: liveLookUps } }
  })
  if (settings.isProduction || Option.isSome(EPX_TEST_URL)) {
    return { ...at(Option.getOrUndefined(EPX_TEST_URL), undefined), simulator: Option.none() }
  }
  yield* Effect.logInfo("Starting the EPX simulator")
  const services = yield* Layer.build(simulatorOf(settings))
  const simulator = yield* Effect.provideContext(Simulator, services)
  return { ...at(simulator.url, new URL("custompay", simulator.url)), simulator: Option.some(simulator) }
})

export const simulatorOf = ({ SIMULATOR_CONTROL_PORT, SIMULATOR_PORT }: Settings) =>
  Simulator.layer({ port: SIMULATOR_PORT, controlPort: SIMULATOR_CONTROL_PORT })

/** What clients of the API are shown, if the environment names it: without it nothing there speaks TLS. */
export const certificateOf = ({ TLS_CERT_FILE, TLS_KEY_FILE }: Settings) =>
  Effect.map(
    Effect.transposeOption(Option.zipWith(TLS_CERT_FILE, TLS_KEY_FILE, loadCertificate)),
    Option.getOrUndefined
  )

/** The keys the environment holds, or ones made for this machine's development database. */
export const keysOf = Effect.fnUntraced(function* (settings: Settings) {
  const [first, ...rest] = settings.encryptionKeys
  const fingerprintKey = Option.getOrUndefined(settings.fingerprintKey)
  if (first !== undefined && fingerprintKey !== undefined) {
    const encryptionKeys: CipherKeys = [first, ...rest]
    return { encryptionKeys, fingerprintKey }
  }
  const local = yield* localKeys(settings.LOCAL_DIRECTORY)
  const encryptionKeys: CipherKeys = [first ?? { id: "local", key: local.encryption }, ...rest]
  return { encryptionKeys, fingerprintKey: fingerprintKey ?? local.fingerprint }
})

export const migrationsDirectory = fileURLToPath(new URL("../migrations", import.meta.url))
