import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import { Statement } from "effect/sql"
import { AuditEventsRepo } from "../../../src/audit/AuditEventsRepo.ts"
import { EventsRepo } from "../../../src/events/EventsRepo.ts"
import { ExceptionsRepo } from "../../../src/exceptions/ExceptionsRepo.ts"
import { DeclinesRepo } from "../../../src/limits/DeclinesRepo.ts"
import { LeftoversRepo } from "../../../src/limits/LeftoversRepo.ts"
import { ApiKeysRepo } from "../../../src/merchants/ApiKeysRepo.ts"
import { MerchantsRepo } from "../../../src/merchants/MerchantsRepo.ts"
import { pooledRandom } from "../../../src/PooledRandom.ts"
import { PaymentsRepo } from "../../../src/payments/PaymentsRepo.ts"
import { TimelineRepo } from "../../../src/payments/TimelineRepo.ts"
import { ColumnCipher } from "../../../src/postgres/ColumnCipher.ts"
import { Database } from "../../../src/postgres/Database.ts"
import type { Statements } from "../../../src/postgres/Gate.ts"
import { DoubtsRepo } from "../../../src/transactions/doubts/DoubtsRepo.ts"
import { FollowUpsRepo } from "../../../src/transactions/follow-ups/FollowUpsRepo.ts"
import { TransactionsRepo } from "../../../src/transactions/TransactionsRepo.ts"
import { SettlementDelay } from "../../../src/transactions/upkeep/SettlementDelay.ts"
import { UpkeepRepo } from "../../../src/transactions/upkeep/UpkeepRepo.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"

/** A statement as it goes to Postgres, and the pool it goes through. */
export interface Sent {
  readonly pool: "pipelined" | "plain"
  readonly text: string
  readonly values: ReadonlyArray<unknown>
}

/** What the repositories send. Nothing of it is carried out: each is told that nothing was found. */
export class Recorder extends Context.Service<
  Recorder,
  {
    /** The one statement that this sends. */
    sentBy<A, E, R>(ask: Effect.Effect<A, E, R>): Effect.Effect<Sent, never, R>
  }
>()("payment-service/test/Recorder") {
  /** With every repository, on a database of its own. */
  static readonly layer = Layer.suspend(() => repositories).pipe(
    Layer.provideMerge(Layer.suspend(() => recording)),
    Layer.provideMerge(TestDatabase.layerClient)
  )
}

const recording = Layer.effectContext(
  Effect.gen(function* () {
    const client = yield* PgClient.PgClient
    const sent: Array<Sent> = []
    const through =
      (pool: Sent["pool"]): Statements =>
      (run) =>
        Effect.provideService(run(client), Statement.CurrentTransformer, (statement) =>
          Effect.sync(() => {
            const [text, values] = statement.compile()
            sent.push({ pool, text, values })
            return client`SELECT WHERE false`
          })
        )
    const recorder = Recorder.of({
      sentBy: (ask) =>
        Effect.gen(function* () {
          sent.length = 0
          yield* Effect.exit(ask)
          const [only, ...others] = sent
          return only === undefined || others.length > 0
            ? yield* Effect.die(new Error(`${sent.length} statements instead of one`))
            : only
        })
    })
    const pipelined = through("pipelined")
    const database = Database.of({
      pipelined,
      lagging: pipelined,
      plain: through("plain"),
      background: through("plain"),
      listen: () => Effect.die(new Error("Nobody listens here"))
    })
    return Context.make(Recorder, recorder).pipe(Context.add(Database, database))
  })
)

const repositories = Layer.mergeAll(
  ...[PaymentsRepo.layer, TimelineRepo.layer, EventsRepo.layer, AuditEventsRepo.layer, ExceptionsRepo.layer],
  ...[MerchantsRepo.layer, ApiKeysRepo.layer, DeclinesRepo.layer, LeftoversRepo.layer],
  ...[TransactionsRepo.layer, FollowUpsRepo.layer, DoubtsRepo.layer, UpkeepRepo.layer]
).pipe(
  Layer.provide(
    ColumnCipher.layer({
      keys: [{ id: "test", key: Redacted.make(randomBytes(32)) }],
      fingerprintKey: Redacted.make(randomBytes(32))
    })
  ),
  Layer.provide([pooledRandom, Layer.succeed(SettlementDelay, 7_200)])
)
