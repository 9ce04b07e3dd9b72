import { Effect, FileSystem, Option, Redacted, Schema } from "effect"
import { scopes } from "../domain/Scope.ts"
import { ApiKeys } from "../merchants/ApiKeys.ts"
import { Merchants } from "../merchants/Merchants.ts"

/** What a newcomer needs to take a payment, kept in `.local/demo.json`. */
export const Demo = Schema.Struct({
  api_url: Schema.String,
  ops_url: Schema.String,
  api_key: Schema.String,
  operator_key: Schema.String,
  /** Absent when EPX_TEST_URL names a real sandbox. */
  simulator_url: Schema.optionalKey(Schema.String),
  simulator_control_url: Schema.optionalKey(Schema.String),
  brics: Schema.Record(Schema.String, Schema.String)
})
export type Demo = typeof Demo.Type
const DemoFile = Schema.fromJsonString(Demo)

type Places = Omit<Demo, "api_key" | "operator_key">

/**
 * Keeps the keys of the last start while they still work, and makes a merchant and new ones when they do not. By
 * `lookupKey` its lost outcomes are looked up.
 */
export const demoData = Effect.fn("DemoData.prepare")(function* (
  directory: string,
  places: Places,
  lookupKey: string | undefined
) {
  const fs = yield* FileSystem.FileSystem
  const path = `${directory}/demo.json`
  const before = yield* Effect.option(Effect.flatMap(fs.readFileString(path), Schema.decodeEffect(DemoFile)))
  const keys = Option.isSome(before) && (yield* bothWork(before.value)) ? before.value : yield* makeKeys(lookupKey)
  const demo: Demo = { ...places, api_key: keys.api_key, operator_key: keys.operator_key }
  yield* fs.makeDirectory(directory, { recursive: true })
  // Another service may be starting on the same directory: each renames a draft of its own.
  const draft = `${yield* fs.makeTempDirectoryScoped({ directory, prefix: "demo-" })}/demo.json`
  yield* fs.writeFileString(draft, `${yield* Schema.encodeEffect(DemoFile)(demo)}\n`, { mode: 0o600 })
  yield* fs.rename(draft, path)
  return { demo, path }
}, Effect.scoped)

const bothWork = Effect.fnUntraced(function* ({ api_key, operator_key }: Demo) {
  const { authenticate } = yield* ApiKeys
  const found = yield* Effect.forEach([api_key, operator_key], (key) => authenticate(Redacted.make(key)))
  return found.every(Option.isSome)
})

const makeKeys = Effect.fnUntraced(function* (lookupKey: string | undefined) {
  const merchants = yield* Merchants
  const apiKeys = yield* ApiKeys
  const id = yield* demoMerchant(merchants, lookupKey)
  const key = { name: "Demo", environment: "test" as const, expiresAt: null }
  const merchantKey = yield* apiKeys.createForMerchant(id, { ...key, scopes })
  const operatorKey = yield* apiKeys.createForOperator(key)
  return {
    api_key: Redacted.value(merchantKey.secret),
    operator_key: Redacted.value(operatorKey.secret)
  }
})

const name = "Demo shop"

/** The merchant of an earlier start whose keys were lost, or a new one. */
const demoMerchant = Effect.fnUntraced(function* (merchants: Merchants["Service"], lookupKey: string | undefined) {
  const key = lookupKey === undefined ? {} : { lookup_key: Redacted.make(lookupKey) }
  const { data } = yield* merchants.list(100, undefined)
  const known = data.find((merchant) => merchant.name === name)
  if (known !== undefined) {
    for (const { has_lookup_key, id } of known.terminals) {
      if (!has_lookup_key) yield* merchants.changeTerminal(known.id, id, key)
    }
    return known.id
  }
  const created = yield* merchants.create({ name, terminals: [{ ...terminal, ...key }] })
  return created.id
})

const terminal = {
  environment: "test" as const,
  cust_nbr: "7000",
  merch_nbr: "700010",
  dba_nbr: "1",
  terminal_nbr: "1",
  settlement_zone: "America/New_York",
  settlement_cutoff: "23:00"
}
