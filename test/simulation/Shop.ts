import { Effect, Redacted } from "effect"
import { ApiKeyIds, MerchantIds, TerminalIds } from "../../src/domain/Ids.ts"
import { scopes } from "../../src/domain/Scope.ts"
import type { Charger } from "../../src/payments/Payments.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { lookUpKeyPlace } from "../../src/postgres/LookUpKey.ts"
import { testEpiKey } from "../../src/simulator/EpiKey.ts"
import { cipherLayer } from "./Fleet.ts"
import type { Seed } from "./Seed.ts"
import type { Storage } from "./Storage.ts"

/** A merchant with one terminal. */
export interface Shop {
  readonly charger: Charger
  /** The four-part key as the simulator spells it. */
  readonly terminal: string
}

export interface ShopOptions {
  readonly partialApprovals: boolean
  /** The terminal has the credential for look-ups. */
  readonly hasLookUps: boolean
  readonly rejectOnAvs: boolean
}

const uuid = (seed: Seed): string => {
  const hex = Buffer.from(seed.bytes(16)).toString("hex")
  return `0198${hex.slice(0, 4)}-${hex.slice(4, 8)}-7${hex.slice(8, 11)}-8${hex.slice(11, 14)}-${hex.slice(14, 26)}`
}

/** Opens a shop in a database that knows none of it. */
export const openShop = async (storage: Storage, number: number, options: ShopOptions): Promise<Shop> => {
  const seed = storage.world.seed.fork(`shop ${number}`)
  const [merchant, terminal, key] = [uuid(seed), uuid(seed), uuid(seed)]
  const merch_nbr = String(700_000 + number)
  await storage.query("INSERT INTO merchants (id, name, reject_on_avs) VALUES ($1::uuid, $2, $3)", [
    merchant,
    `Shop ${number}`,
    options.rejectOnAvs
  ])
  const sealed = await sealedKey(TerminalIds.fromUuid(terminal))
  const lookUps = options.hasLookUps ? sealed : { sealed: null, keyId: null }
  await storage.query(
    `INSERT INTO terminals (id, merchant_id, environment, cust_nbr, merch_nbr, dba_nbr, terminal_nbr, settlement_zone,
      settlement_cutoff, partial_approvals, lookup_key_sealed, lookup_key_id)
    VALUES ($1::uuid, $2::uuid, 'test', '7000', $3, '1', '1', 'America/New_York', '23:00', $4, $5::bytea, $6)`,
    [terminal, merchant, merch_nbr, options.partialApprovals, lookUps.sealed, lookUps.keyId]
  )
  await storage.query(
    `INSERT INTO api_keys (id, merchant_id, environment, name, hash, hint, scopes)
    VALUES ($1::uuid, $2::uuid, 'test', 'Simulation', $3::bytea, 'hint', '{}')`,
    [key, merchant, Buffer.from(seed.bytes(32))]
  )
  return {
    charger: {
      merchantId: MerchantIds.fromUuid(merchant),
      environment: "test",
      keyId: ApiKeyIds.fromUuid(key),
      scopes: new Set(scopes)
    },
    terminal: `7000-${merch_nbr}-1-1`
  }
}

const sealedKey = (id: typeof TerminalIds.Id.Type) =>
  Effect.runPromise(
    Effect.map(ColumnCipher, (cipher) => cipher.seal(Redacted.make(testEpiKey), lookUpKeyPlace(id))).pipe(
      Effect.provide(cipherLayer)
    )
  )
