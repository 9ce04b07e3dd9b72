import { Context, Effect, Layer, Option, Schedule, Schema } from "effect"
import { SqlError } from "effect/sql/SqlError"
import { type Binary, findBinary } from "./Binary.ts"
import { type DataDirectory, locate, prepare } from "./DataDirectory.ts"
import { hold, leave } from "./Hold.ts"
import { startPostmaster } from "./Launch.ts"
import { createDatabase, dropDatabase, type LocalDatabase } from "./LocalDatabase.ts"
import { PostgresUnavailable } from "./PostgresUnavailable.ts"
import { findPostmaster, maintenance, pidFile, stop } from "./Postmaster.ts"
import { beginLog, readLog } from "./ServerLog.ts"

export interface EmbeddedPostgresOptions {
  readonly dataDirectory: string
  /** Server settings over the defaults. A server that already runs keeps the settings it was started with. */
  readonly settings?: Readonly<Record<string, string>>
  /** False is for tests: a power cut may lose everything, and the end does not wait for other clients. */
  readonly durable?: boolean
  /** A directory with `bin`, `lib` and `share`; without it, the installed binary package. */
  readonly native?: string
}

/**
 * A Postgres server for development and tests. Several processes may hold it at the same time; the last to let go stops
 * it, and one that was left running by a killed process is taken over.
 */
export class EmbeddedPostgres extends Context.Service<
  EmbeddedPostgres,
  {
    /** The maintenance database, as superuser. */
    readonly server: LocalDatabase
    /** Not the directory asked for when root runs in a home directory that is closed to others. */
    readonly dataDirectory: string
    /** Makes the database unless it exists. */
    createDatabase(name: string): Effect.Effect<LocalDatabase, SqlError>
    /** Ends the sessions of everybody in it. */
    dropDatabase(name: string): Effect.Effect<void, SqlError>
  }
>()("payment-service/local/EmbeddedPostgres") {
  static readonly layer = (options: EmbeddedPostgresOptions) => Layer.effect(EmbeddedPostgres, make(options))
}

const make = Effect.fnUntraced(function* (options: EmbeddedPostgresOptions) {
  if (process.platform === "win32") {
    return yield* new PostgresUnavailable({
      reason: "unsupported_platform",
      message: "On Windows, set DATABASE_URL to a running Postgres, or work inside WSL."
    })
  }
  const durable = options.durable ?? true
  const directory = yield* locate(options.dataDirectory)
  const binary = yield* findBinary(directory.account, options.native)
  yield* prepare(directory, binary, durable)

  const settings = { ...defaults, ...(durable ? {} : fast), ...options.settings }
  // Before the start, not after it: an interruption in between must find somebody who stops the server.
  yield* Effect.addFinalizer(() => (durable ? leave(directory.path) : drop(directory.path)))
  const server = maintenance(yield* join(directory, binary, settings))

  return EmbeddedPostgres.of({
    server,
    dataDirectory: directory.path,
    createDatabase: (name) => createDatabase(server, name),
    dropDatabase: (name) => dropDatabase(server, name)
  })
})

/** Holds the running server or starts one. Another process may start or stop one at the same time. */
const join = Effect.fn("EmbeddedPostgres.join")(
  function* (directory: DataDirectory, binary: Binary, settings: Readonly<Record<string, string>>) {
    const log = yield* beginLog(directory.path)
    let hasStarted = false
    const attempt = Effect.gen(function* () {
      const running = yield* findPostmaster(directory.path)
      if (Option.isSome(running)) {
        yield* hold(running.value)
        return running.value
      }
      const written = yield* readLog(log)
      if (hasStarted && !displaced.test(written)) return yield* notStarted(`. ${log.path} ends with:\n${written}`)
      hasStarted = true
      yield* startPostmaster(directory, binary, settings, log)
      return yield* new NotReady()
    })
    return yield* attempt.pipe(
      Effect.retry({ while: isPassing, schedule: readyPoll }),
      Effect.timeoutOrElse({
        duration: "60 seconds",
        orElse: () =>
          notStarted(` in a minute. See ${log.path}. If no Postgres runs, remove ${pidFile(directory.path)}`)
      })
    )
  },
  Effect.catch((cause) =>
    cause._tag === "PostgresUnavailable" ? Effect.fail(cause) : notStarted(`: ${cause.message}`, cause)
  )
)

const drop = Effect.fnUntraced(function* (dataDirectory: string) {
  const running = yield* findPostmaster(dataDirectory)
  if (Option.isSome(running)) yield* stop(running.value, "SIGQUIT")
})

const notStarted = (how: string, cause?: unknown) =>
  new PostgresUnavailable({
    reason: "start_failed",
    message: `Postgres did not start${how}`,
    ...(cause === undefined ? {} : { cause })
  })

class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {}) {}

/** A server that starts or stops refuses connections for a while; one without our superuser always will. */
const isPassing = (error: { readonly _tag: string } | SqlError) =>
  error._tag === "NotReady" || (error instanceof SqlError && error.reason._tag !== "AuthenticationError")

const readyPoll = Schedule.spaced("20 millis")

/** Ends of a server that mean "try again": another came first, a killed one is not quite gone, the last holder left. */
const displaced = /postmaster\.pid" already exists|shared memory block|received fast shutdown request/

/** Durable as Postgres is by default; reachable only through its socket. */
const defaults = {
  cluster_name: "payment-service",
  listen_addresses: "",
  max_connections: "100",
  shared_buffers: "128MB",
  shared_preload_libraries: "pg_stat_statements"
}

const fast = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0"
}
