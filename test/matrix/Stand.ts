import { randomBytes, randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Context, Effect, Layer, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { MerchantIds, TerminalIds } from "../../src/domain/Ids.ts"
import { scopes } from "../../src/domain/Scope.ts"
import { createDatabase, dropDatabase, type LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { ApiKeysRepo } from "../../src/merchants/ApiKeysRepo.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsRepo } from "../../src/merchants/MerchantsRepo.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { Database } from "../../src/postgres/Database.ts"
import { lookUpKeyPlace } from "../../src/postgres/LookUpKey.ts"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { BooksRepo } from "../../src/verification/BooksRepo.ts"
import { farCutoff } from "../support/FarCutoff.ts"

/** A merchant with one test terminal. */
export interface Shop {
  /** As the row has it. */
  readonly merchantId: string
  readonly terminalId: string
  /** The four-part key of its terminal, as the simulator spells it. */
  readonly terminal: string
  readonly apiKey: string
}

/** A database with shops in it and a gateway, both for one wave of cells at a time. */
export interface Stand {
  readonly simulator: Simulator["Service"]
  readonly sql: PgClient.PgClient
  readonly books: BooksRepo["Service"]
  readonly shops: ReadonlyArray<Shop>
  readonly directory: string
  /** Of a service on this stand. */
  readonly env: Readonly<Record<string, string>>
  /** Forgets every payment, here and at the gateway. */
  readonly clear: Effect.Effect<void>
  /** Gives the shop the credential for look-ups, or takes it away. */
  readonly letLookUp: (shop: Shop, may: boolean) => Effect.Effect<void>
}

/** On a server, as a copy of a template with the newest schema. */
export const openStand = Effect.fnUntraced(function* (
  server: LocalDatabase,
  template: string,
  number: number,
  shopCount: number
) {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "matrix-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const database = yield* Effect.acquireRelease(createDatabase(server, `matrix_${randomUUID()}`, template), (made) =>
    Effect.ignore(dropDatabase(server, made.database))
  )
  const sql = yield* PgClient.make({ ...database, maxConnections: 6 }).pipe(Effect.provide(Reactivity.layer))
  const simulator = yield* Effect.provideContext(
    Simulator,
    yield* Layer.build(Simulator.layer({ port: 0, controlPort: 0, requestLog: 50_000 }))
  )
  const keys = { encryption: randomBytes(32), fingerprint: randomBytes(32) }
  const cipher = yield* Effect.provide(
    ColumnCipher,
    ColumnCipher.layer({
      keys: [{ id: "matrix", key: Redacted.make(keys.encryption) }],
      fingerprintKey: Redacted.make(keys.fingerprint)
    })
  )
  const services = yield* Layer.build(foundation(database, cipher))
  const shops = yield* Effect.provideContext(makeShops(number, shopCount), services)
  const stand: Stand = {
    simulator,
    sql,
    books: Context.get(services, BooksRepo),
    shops,
    directory,
    env: {
      APP_ENV: "test",
      LOG_LEVEL: "Warn",
      LOCAL_DIRECTORY: directory,
      DATABASE_URL: `postgres://${database.username}@localhost:${database.port}/${database.database}?host=${encodeURIComponent(database.host)}`,
      DATABASE_PIPELINED_CONNECTIONS: "6",
      DATABASE_PLAIN_CONNECTIONS: "10",
      EPX_TEST_URL: simulator.url.href,
      EPX_TEST_LOOKUP_URL: simulator.customPayUrl.href,
      ENCRYPTION_KEYS: `matrix:${keys.encryption.toString("base64")}`,
      FINGERPRINT_KEY: keys.fingerprint.toString("base64")
    },
    clear: Effect.gen(function* () {
      // A sweep may hold what this waits for, and wait for what this holds.
      yield* Effect.retry(
        sql`TRUNCATE events, ledger_entries, audit_events, duplicate_guards, transactions, payments`,
        { times: 20 }
      )
      yield* simulator.reset()
      // Batches close when they are told to.
      yield* simulator.patchProfile({ auto_close: false, partial_approvals: true })
    }).pipe(Effect.orDie),
    letLookUp: ({ terminalId }, may) => {
      const place = lookUpKeyPlace(TerminalIds.fromUuid(terminalId))
      const { keyId, sealed } = cipher.seal(Redacted.make(simulator.epiKey), place)
      return Effect.asVoid(
        sql`UPDATE terminals SET lookup_key_sealed = ${may ? sealed : null}::bytea,
          lookup_key_id = ${may ? keyId : null}::text WHERE id = ${terminalId}::uuid`
      ).pipe(Effect.orDie)
    }
  }
  return stand
})

const makeShops = (number: number, count: number) =>
  Effect.gen(function* () {
    const merchants = yield* Merchants
    const apiKeys = yield* ApiKeys
    const { time, zone } = farCutoff()
    return yield* Effect.forEach(
      Array.from({ length: count }, (_, index) => index),
      (index) =>
        Effect.gen(function* () {
          const merch_nbr = String(700_000 + number * 1_000 + index)
          const { id, terminals } = yield* merchants.create({
            name: `Shop ${index}`,
            terminals: [
              {
                environment: "test",
                cust_nbr: "7000",
                merch_nbr,
                dba_nbr: "1",
                terminal_nbr: "1",
                settlement_zone: zone,
                settlement_cutoff: time
              }
            ]
          })
          const { secret } = yield* apiKeys.createForMerchant(id, {
            name: "Matrix",
            environment: "test",
            scopes,
            expiresAt: null
          })
          const shop: Shop = {
            merchantId: MerchantIds.toUuid(id),
            terminalId: TerminalIds.toUuid(terminals[0]?.id ?? (yield* Effect.die(new Error("no terminal")))),
            terminal: `7000-${merch_nbr}-1-1`,
            apiKey: Redacted.value(secret)
          }
          return shop
        }),
      { concurrency: 4 }
    )
  })

const foundation = (connection: LocalDatabase, cipher: ColumnCipher["Service"]) =>
  Layer.merge(Merchants.layer, BooksRepo.layer).pipe(
    Layer.provideMerge(ApiKeys.layer),
    Layer.provide([MerchantsRepo.layer, ApiKeysRepo.layer]),
    Layer.provide(
      Database.layer({ connection, pipelinedConnections: 2, plainConnections: 2, checkoutTimeout: "10 seconds" })
    ),
    Layer.provide([NodeCrypto.layerSecureRandom, Layer.succeed(ColumnCipher, cipher)])
  )
