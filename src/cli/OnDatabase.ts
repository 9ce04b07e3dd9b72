import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Console, Effect, Layer, Logger, Schema } from "effect"
import { databaseOf, keysOf } from "../Backing.ts"
import { Exceptions } from "../exceptions/Exceptions.ts"
import { ExceptionsRepo } from "../exceptions/ExceptionsRepo.ts"
import { KillSwitches } from "../kill-switches/KillSwitches.ts"
import { KillSwitchesRepo } from "../kill-switches/KillSwitchesRepo.ts"
import { ApiKeys } from "../merchants/ApiKeys.ts"
import { ApiKeysRepo } from "../merchants/ApiKeysRepo.ts"
import { Merchants } from "../merchants/Merchants.ts"
import { MerchantsRepo } from "../merchants/MerchantsRepo.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { Database } from "../postgres/Database.ts"
import { Indexes } from "../postgres/Indexes.ts"
import { loadSettings } from "../Settings.ts"
import { loggingLayer } from "../telemetry/Logging.ts"
import { TranNbr } from "../transactions/TranNbr.ts"
import { TransactionsRepo } from "../transactions/TransactionsRepo.ts"

export const toStderr = Effect.provideService(Logger.LogToStderr, true)

/** Operators' commands print JSON to stdout, so whatever is logged meanwhile goes to stderr. */
export const onDatabase = <A, E, R>(use: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const settings = yield* loadSettings
    const { connection } = yield* databaseOf(settings)
    const { encryptionKeys, fingerprintKey } = yield* keysOf(settings)
    const database = Database.layer({
      connection,
      pipelinedConnections: 1,
      plainConnections: 1,
      checkoutTimeout: "2 seconds"
    })
    const services = Layer.mergeAll(
      Merchants.layer,
      Exceptions.layer,
      KillSwitches.layer,
      TranNbr.layer,
      Indexes.layer
    ).pipe(
      Layer.provideMerge(ApiKeys.layer),
      Layer.provide([MerchantsRepo.layer, ApiKeysRepo.layer, ExceptionsRepo.layer, TransactionsRepo.layer]),
      Layer.provide(KillSwitchesRepo.layer),
      Layer.provide([database, NodeCrypto.layerSecureRandom]),
      Layer.provide(ColumnCipher.layer({ keys: encryptionKeys, fingerprintKey }))
    )
    return yield* Effect.provide(use, services)
  }).pipe(Effect.scoped, Effect.provide(loggingLayer({ format: "pretty", level: "Warn" })), toStderr)

export const print = <A, I>(schema: Schema.Codec<A, I>) => {
  const encode = Schema.encodeEffect(schema)
  return (value: A) => Effect.flatMap(encode(value), (json) => Console.log(JSON.stringify(json, null, 2)))
}
