import { assert, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, Logger, Option, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import type { IssuedApiKey } from "../../src/domain/ApiKey.ts"
import { ApiKeyIds, MerchantIds } from "../../src/domain/Ids.ts"
import { hashSecret } from "../../src/merchants/ApiKeySecret.ts"
import { ApiKeys, type NewApiKey } from "../../src/merchants/ApiKeys.ts"
import { ApiKeysRepo } from "../../src/merchants/ApiKeysRepo.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsTest } from "./MerchantsTest.ts"

const newKey: NewApiKey = { name: "Backend", environment: "test", expiresAt: null }
const scopes = ["payments:read", "payments:write"] as const
const unknownKey = ApiKeyIds.fromUuid("01970000-0000-7000-8000-000000000000")
const day = { overlap: Duration.days(1), expiresAt: null }

const merchantKey = Effect.gen(function* () {
  const merchant = yield* (yield* Merchants).create({ name: "Shop" })
  const key = yield* (yield* ApiKeys).createForMerchant(merchant.id, { ...newKey, scopes })
  return { key, merchant }
})

const isAccepted = Effect.fnUntraced(function* ({ secret }: IssuedApiKey) {
  return Option.isSome(yield* (yield* ApiKeys).authenticate(secret))
})

layer(MerchantsTest)("ApiKeys", (it) => {
  it.effect("issues a key for a merchant, who is known by it", () =>
    Effect.gen(function* () {
      const { key, merchant } = yield* merchantKey
      assert.match(Redacted.value(key.secret), /^sk_test_[\w-]{43}$/)
      assert.strictEqual(key.hint, Redacted.value(key.secret).slice(-4))
      assert.strictEqual(key.merchant_id, merchant.id)

      assert.deepStrictEqual(
        yield* (yield* ApiKeys).authenticate(key.secret),
        Option.some({
          _tag: "MerchantKey",
          keyId: key.id,
          merchantId: merchant.id,
          environment: "test",
          scopes: new Set(scopes)
        })
      )
    })
  )

  it.effect("issues a key for an operator, who has no scopes", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const key = yield* apiKeys.createForOperator({ ...newKey, environment: "live" })
      assert.match(Redacted.value(key.secret), /^op_live_[\w-]{43}$/)
      assert.deepStrictEqual(key.scopes, [])
      assert.deepStrictEqual(
        yield* apiKeys.authenticate(key.secret),
        Option.some({ _tag: "OperatorKey", keyId: key.id, environment: "live" })
      )
    })
  )

  it.effect("accepts no secret but the one issued", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const { key } = yield* merchantKey
      const secret = Redacted.value(key.secret)
      const flipped = secret.at(8) === "A" ? "B" : "A"
      const wrong = [
        "",
        "sk_test_",
        secret.slice(1),
        `${secret}A`,
        secret.replace("sk_", "op_"),
        secret.replace("test", "live"),
        `${secret.slice(0, 8)}${flipped}${secret.slice(9)}`,
        hashSecret(key.secret),
        key.id
      ]
      for (const text of wrong) assert.isTrue(Option.isNone(yield* apiKeys.authenticate(Redacted.make(text))), text)
      assert.isTrue(yield* isAccepted(key))
    })
  )

  it.effect("refuses a key for nobody, and one that is over before it begins", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const nobody = MerchantIds.fromUuid("01970000-0000-7000-8000-000000000000")
      const { key } = yield* merchantKey
      const expiresAt = yield* DateTime.now

      const errors = yield* Effect.forEach(
        [
          apiKeys.createForMerchant(nobody, { ...newKey, scopes }),
          apiKeys.createForOperator({ ...newKey, expiresAt }),
          apiKeys.roll(key.id, { ...day, expiresAt }),
          apiKeys.roll(unknownKey, day),
          apiKeys.revoke(unknownKey)
        ],
        (asked) => Effect.map(Effect.flip<unknown, { readonly _tag: string }, never>(asked), ({ _tag }) => _tag)
      )

      assert.deepStrictEqual(errors, [
        "MerchantNotFound",
        "ExpiryPassed",
        "ExpiryPassed",
        "ApiKeyNotFound",
        "ApiKeyNotFound"
      ])
      assert.isTrue(yield* isAccepted(key))
    })
  )

  it.effect("accepts a key up to its expiry, though it is cached", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const expiresAt = DateTime.addDuration(yield* DateTime.now, "30 seconds")
      const key = yield* apiKeys.createForOperator({ ...newKey, expiresAt })

      assert.isTrue(yield* isAccepted(key))
      yield* TestClock.adjust("29999 millis")
      assert.isTrue(yield* isAccepted(key))
      yield* TestClock.adjust("1 millis")
      assert.isFalse(yield* isAccepted(key))
    })
  )

  it.effect("refuses a revoked key at once; the first revocation counts", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const { key } = yield* merchantKey
      assert.isTrue(yield* isAccepted(key))

      const revoked = yield* apiKeys.revoke(key.id)

      assert.isFalse(yield* isAccepted(key))
      assert.isNotNull(revoked.revoked_at)
      assert.deepStrictEqual((yield* apiKeys.revoke(key.id)).revoked_at, revoked.revoked_at)
      assert.strictEqual((yield* Effect.flip(apiKeys.roll(key.id, day)))._tag, "ApiKeyInactive")
    })
  )

  it.effect("sees a revocation by another process within a minute", () =>
    Effect.gen(function* () {
      const { key } = yield* merchantKey
      assert.isTrue(yield* isAccepted(key))

      yield* (yield* ApiKeysRepo).revoke(key.id)

      yield* TestClock.adjust("1 minutes")
      assert.isFalse(yield* isAccepted(key))
    })
  )

  it.effect("rolls a key with an overlap", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const { key: old, merchant } = yield* merchantKey
      assert.isTrue(yield* isAccepted(old))

      const rolled = yield* apiKeys.roll(old.id, day)

      const { id, name, environment, merchant_id } = rolled
      assert.notStrictEqual(id, old.id)
      assert.deepStrictEqual(
        { name, environment, merchant_id, scopes: rolled.scopes, expires_at: rolled.expires_at },
        { name: "Backend", environment: "test", merchant_id: merchant.id, scopes: [...scopes], expires_at: null }
      )
      yield* TestClock.adjust("23 hours")
      assert.deepStrictEqual([yield* isAccepted(old), yield* isAccepted(rolled)], [true, true])
      yield* TestClock.adjust("1 hours")
      assert.deepStrictEqual([yield* isAccepted(old), yield* isAccepted(rolled)], [false, true])
      assert.strictEqual((yield* Effect.flip(apiKeys.roll(old.id, day)))._tag, "ApiKeyInactive")
    })
  )

  it.effect("rolls without an overlap at once, and never makes a key live longer", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const { key: old } = yield* merchantKey
      assert.isTrue(yield* isAccepted(old))
      yield* apiKeys.roll(old.id, { ...day, overlap: Duration.zero })
      assert.isFalse(yield* isAccepted(old))

      const expiresAt = DateTime.addDuration(yield* DateTime.now, "1 hours")
      const short = yield* apiKeys.createForOperator({ ...newKey, expiresAt })
      const rolled = yield* apiKeys.roll(short.id, day)
      assert.match(Redacted.value(rolled.secret), /^op_test_/)
      yield* TestClock.adjust("1 hours")
      assert.deepStrictEqual([yield* isAccepted(short), yield* isAccepted(rolled)], [false, true])
    })
  )

  it.effect("lists the newest first, of one merchant or of all", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const sql = yield* SqlClient.SqlClient
      yield* sql`TRUNCATE api_keys, audit_events`
      const { key: first, merchant } = yield* merchantKey
      const second = yield* apiKeys.createForMerchant(merchant.id, { ...newKey, scopes })
      const other = yield* apiKeys.createForOperator(newKey)
      const ids = (page: { readonly data: ReadonlyArray<{ readonly id: string }> }) => page.data.map(({ id }) => id)

      const all = yield* apiKeys.list(2, undefined, undefined)
      assert.deepStrictEqual([ids(all), all.has_more], [[other.id, second.id], true])
      const rest = yield* apiKeys.list(2, second.id, undefined)
      assert.deepStrictEqual([ids(rest), rest.has_more], [[first.id], false])
      const own = yield* apiKeys.list(1, undefined, merchant.id)
      assert.deepStrictEqual([ids(own), own.has_more], [[second.id], true])
      assert.deepStrictEqual(ids(yield* apiKeys.list(1, second.id, merchant.id)), [first.id])
    })
  )

  it.effect("stores the last use, never an earlier one, and passes over a locked key", () =>
    Effect.gen(function* () {
      const repo = yield* ApiKeysRepo
      const sql = yield* SqlClient.SqlClient
      const { key } = yield* merchantKey
      const { key: locked } = yield* merchantKey
      const used = Effect.map(repo.find(key.id), (found) => Option.getOrThrow(found).last_used_at)
      const later = DateTime.makeUnsafe("2026-03-01T12:00:00Z")
      assert.isNull(yield* used)

      yield* sql`SELECT FROM api_keys WHERE id = ${ApiKeyIds.toUuid(locked.id)} FOR UPDATE`.pipe(
        Effect.andThen(
          repo.touch(
            new Map([
              [key.id, later],
              [locked.id, later]
            ])
          )
        ),
        sql.withTransaction
      )
      yield* repo.touch(new Map([[key.id, DateTime.makeUnsafe("2026-03-01T11:00:00Z")]]))

      assert.deepStrictEqual(yield* used, later)
      assert.isNull(Option.getOrThrow(yield* repo.find(locked.id)).last_used_at)
    })
  )

  it.effect("leaves no secret in any row, log line or error", () => {
    const lines: Array<string> = []
    const Recorder = Logger.layer([Logger.map(Logger.formatJson, (line) => lines.push(line))])
    return Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const sql = yield* SqlClient.SqlClient
      const { key } = yield* merchantKey
      const rolled = yield* apiKeys.roll(key.id, day)
      yield* apiKeys.authenticate(key.secret)
      yield* apiKeys.authenticate(rolled.secret)
      yield* Effect.logInfo("issued", key, rolled)
      yield* sql`ALTER TABLE api_keys RENAME TO gone`
      const died = yield* Effect.sandbox(apiKeys.createForOperator(newKey)).pipe(
        Effect.flip,
        Effect.tap((cause) => Effect.logError("refused", cause)),
        Effect.ensuring(Effect.orDie(sql`ALTER TABLE gone RENAME TO api_keys`))
      )
      const rows = yield* sql`SELECT to_jsonb(k)::text AS row FROM api_keys k`

      const everything = [JSON.stringify(rows), JSON.stringify(lines), String(died), JSON.stringify(died)].join("\n")
      assert.include(everything, key.id)
      assert.include(everything, "api_keys")
      for (const { secret } of [key, rolled]) {
        assert.notInclude(everything, Redacted.value(secret).slice(8))
        assert.notInclude(everything, Buffer.from(Redacted.value(secret).slice(8), "base64url").toString("hex"))
      }
      assert.notMatch(everything, /(sk|op)_(test|live)_[\w-]{20}/)
    }).pipe(Effect.provide(Recorder))
  })
})
