import { randomBytes } from "node:crypto"
import { Clock, Effect, Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import type { NewTerminal } from "../../src/domain/Merchant.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { ApiKeysRepo } from "../../src/merchants/ApiKeysRepo.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsRepo } from "../../src/merchants/MerchantsRepo.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { Database } from "../../src/postgres/Database.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const Pools = Layer.unwrap(
  Effect.map(TestDatabase, (connection) =>
    Database.layer({ connection, pipelinedConnections: 2, plainConnections: 4, checkoutTimeout: "2 seconds" })
  )
  // A connection lives in real time, whatever clock the tests have.
).pipe(Layer.provide(Layer.succeed(Clock.Clock, Clock.Clock.defaultValue())))

const Cipher = ColumnCipher.layer({
  keys: [{ id: "test", key: Redacted.make(randomBytes(32)) }],
  fingerprintKey: Redacted.make(randomBytes(32))
})

/** The services of this folder as they are, over a database of the test file, with a client for the test's own SQL. */
export const MerchantsTest = Merchants.layer.pipe(
  Layer.provideMerge(ApiKeys.layer),
  Layer.provideMerge(Layer.mergeAll(MerchantsRepo.layer, ApiKeysRepo.layer)),
  Layer.provideMerge(Pools),
  Layer.provideMerge(Cipher),
  Layer.provideMerge(SecureRandom.layerWebCrypto),
  Layer.provideMerge(TestDatabase.layerClient)
)

let terminals = 0

/** A terminal that no other test has. */
export const terminal = (environment: "test" | "live" = "test"): NewTerminal => ({
  environment,
  cust_nbr: "7000",
  merch_nbr: `70000${++terminals}`,
  dba_nbr: "1",
  terminal_nbr: "1",
  settlement_zone: "America/New_York",
  settlement_cutoff: "17:00"
})
