import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Duration, Effect, Layer, type Scope, Semaphore } from "effect"
import { Reactivity } from "effect/reactivity"
import { gate, type Statements } from "./Gate.ts"
import { type Listening, listenOn } from "./Notices.ts"
import { whenUp } from "./Outage.ts"
import { renewable } from "./Renewable.ts"
import { withReplica } from "./Replica.ts"
import { watchReplica } from "./ReplicaWatch.ts"

/** Where the database is: a URL, or a host (a directory means its Unix socket). */
export type Connection = Pick<PgClient.PgClientConfig, "url" | "host" | "port" | "username" | "database" | "ssl">

export interface DatabaseOptions {
  readonly connection: Connection
  /** A replica of it that may be behind, for what tolerates that. It may be unreachable. */
  readonly replica?: Connection | undefined
  readonly pipelinedConnections: number
  readonly plainConnections: number
  readonly checkoutTimeout: Duration.Input
}

/** Longest run of a statement by what it is; the server ends it, since interrupting a pipelined query does not. */
export const statementTimeouts = {
  simple: Duration.seconds(2),
  complex: Duration.seconds(5),
  transaction: Duration.seconds(10),
  /** Shorter than any of them: with the same limit a wait for a lock ends as one or the other by chance. */
  lock: Duration.millis(1_500),
  /** Only the replay of the log holds locks on a replica, and the primary is there all the same. */
  replicaLock: Duration.millis(500)
}

/** How much longer than the server's own limit an answer is waited for: then the server is not there any more. */
const grace = Duration.seconds(1)

const millis = (duration: Duration.Duration) => String(Duration.toMillis(duration))

export class Database extends Context.Service<
  Database,
  {
    /** Single statements that wait for no row lock: they share connections, sent ahead of each other's answers. */
    readonly pipelined: Statements
    /** Whatever may wait for a row lock, transactions and LISTEN. */
    readonly plain: Statements
    /**
     * The same for what nobody waits for, on a quarter of these connections: with a slow Postgres it would take them
     * all from who has asked for something.
     */
    readonly background: Statements
    /**
     * Single statements that only read, and may read what was `mostLag` ago: lists that nothing is decided by. They go
     * to the replica, if there is one and it is fit for that; else to the pipelined pool.
     */
    readonly lagging: Statements
    /** Listens while the scope lasts. `onNotice` runs at each notice, and when some may have been missed. */
    listen(channel: string, onNotice: Effect.Effect<void>): Effect.Effect<Listening, never, Scope.Scope>
  }
>()("payment-service/postgres/Database") {
  static readonly layer = (options: DatabaseOptions) =>
    Layer.effect(
      Database,
      Effect.gen(function* () {
        const usual = { keepAlive: "30 seconds", connectionTTL: "10 minutes" } as const
        const connection = { ...options.connection, ...usual }
        // Connections live in the time of the pools, whoever listens.
        const clock = yield* Clock.Clock
        const session = { timezone: "UTC", idle_in_transaction_session_timeout: "10000" }
        const plainClient = yield* PgClient.make({
          ...connection,
          applicationName: "payment-service plain",
          minConnections: 1,
          maxConnections: options.plainConnections,
          startupParameters: {
            ...session,
            statement_timeout: millis(statementTimeouts.complex),
            lock_timeout: millis(statementTimeouts.lock)
          }
        })
        // A pool connects in the background and tells nobody that it cannot.
        yield* whenUp(plainClient`SELECT 1 AS one`)
        const single = { ...session, ...planned, statement_timeout: millis(statementTimeouts.simple) }
        const shared = { maxConnections: options.pipelinedConnections, multiplex: true, multiplexConcurrency } as const
        const pipelinedGate = {
          permits: options.pipelinedConnections * multiplexConcurrency,
          checkoutTimeout: options.checkoutTimeout,
          silence: Duration.sum(statementTimeouts.simple, grace)
        }
        const pipelinedClient = yield* PgClient.make({
          ...connection,
          ...shared,
          applicationName: "payment-service pipelined",
          minConnections: options.pipelinedConnections,
          startupParameters: { ...single, lock_timeout: millis(statementTimeouts.lock) }
        })
        const pipelined = yield* gate("pipelined", () => pipelinedClient, pipelinedGate)

        const replicated = Effect.fnUntraced(function* (replica: Connection) {
          const pool = PgClient.make({
            ...replica,
            ...usual,
            ...shared,
            applicationName: "payment-service replica",
            startupParameters: {
              ...single,
              lock_timeout: millis(statementTimeouts.replicaLock),
              default_transaction_read_only: "on"
            }
          })
          const watched = {
            applicationName: "payment-service watch",
            startupParameters: { ...session, statement_timeout: "1000" },
            connectTimeout: "1 second"
          } as const
          const { client, renew } = yield* renewable(pool, pipelinedGate.silence)
          return yield* withReplica(
            yield* watchReplica({ ...options.connection, ...watched }, { ...replica, ...watched }, renew),
            yield* gate("replica", client, pipelinedGate),
            pipelined,
            statementTimeouts.simple
          )
        })

        const plain = yield* gate("plain", () => plainClient, {
          permits: options.plainConnections,
          checkoutTimeout: options.checkoutTimeout,
          silence: Duration.sum(statementTimeouts.transaction, grace)
        })
        const turns = yield* Semaphore.make(Math.ceil(options.plainConnections / 4))

        return Database.of({
          pipelined,
          plain,
          background: (run) => Semaphore.withPermits(turns, 1)(plain(run)),
          lagging: options.replica === undefined ? pipelined : yield* replicated(options.replica),
          listen: (channel, onNotice) =>
            listenOn(
              { ...connection, applicationName: "payment-service notices", startupParameters: session },
              channel,
              onNotice
            ).pipe(Effect.provideService(Clock.Clock, clock))
        })
      })
    ).pipe(Layer.provide(Reactivity.layer))
}

/**
 * Statements of the pipelined pool find what they need by an index, whatever the values are. Postgres would plan one
 * for several rows anew each time, which takes longer than carrying it out, and one that it has planned while a table
 * was empty would go on reading it whole.
 */
export const planned = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  // Where a table has to be read whole all the same, older servers take that for a reason to compile.
  jit: "off"
}

// With the driver's default of 32 the first connection takes all statements and their commits become serial.
const multiplexConcurrency = 4
