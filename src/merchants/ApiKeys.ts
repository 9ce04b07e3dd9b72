import { Context, DateTime, type Duration, Effect, Layer, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import { type ApiKey, ApiKeyInactive, ApiKeyNotFound, ExpiryPassed, type IssuedApiKey } from "../domain/ApiKey.ts"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type ApiKeyId, ApiKeyIds, type MerchantId } from "../domain/Ids.ts"
import { MerchantNotFound } from "../domain/Merchant.ts"
import type { Scope } from "../domain/Scope.ts"
import type { Environment } from "../domain/Terminal.ts"
import { type Page, pageOf } from "../postgres/Page.ts"
import { type ApiKeySecret, hashSecret, hasSecretForm, hintOf, makeSecret, secretLength } from "./ApiKeySecret.ts"
import { ApiKeysRepo, type KeyHolder, type StoredSecret } from "./ApiKeysRepo.ts"
import { makeKeyCache } from "./KeyCache.ts"
import { credentialOf, type KeyCredential } from "./KeyCredential.ts"
import { trackLastUse } from "./LastUse.ts"

export interface NewApiKey {
  readonly name: string
  readonly environment: Environment
  /** Null expires never. */
  readonly expiresAt: DateTime.Utc | null
}

export class ApiKeys extends Context.Service<
  ApiKeys,
  {
    /** Shows the secret, which cannot be read again. */
    createForMerchant(
      merchantId: MerchantId,
      key: NewApiKey & { readonly scopes: ReadonlyArray<Scope> }
    ): Effect.Effect<IssuedApiKey, MerchantNotFound | ExpiryPassed | DatabaseUnavailable>
    createForOperator(key: NewApiKey): Effect.Effect<IssuedApiKey, ExpiryPassed | DatabaseUnavailable>
    /** Newest first, from behind `after` on; of all holders unless one is named. */
    list(
      limit: number,
      after: ApiKeyId | undefined,
      merchantId: MerchantId | undefined
    ): Effect.Effect<Page<ApiKey>, DatabaseUnavailable>
    /** Once this returns, this process refuses the key; others do when they hear. The first revocation counts. */
    revoke(id: ApiKeyId): Effect.Effect<ApiKey, ApiKeyNotFound | DatabaseUnavailable>
    /** A new key with the same scopes. The old one works for `overlap` more, but never longer than it would have. */
    roll(
      id: ApiKeyId,
      options: { readonly overlap: Duration.Duration; readonly expiresAt: DateTime.Utc | null }
    ): Effect.Effect<IssuedApiKey, ApiKeyNotFound | ApiKeyInactive | ExpiryPassed | DatabaseUnavailable>
    /** Who holds a secret. Why a secret proves nothing is not said. */
    authenticate(secret: ApiKeySecret): Effect.Effect<Option.Option<KeyCredential>, DatabaseUnavailable>
  }
>()("payment-service/merchants/ApiKeys") {
  static readonly layer = Layer.effect(
    ApiKeys,
    Effect.gen(function* () {
      const repo = yield* ApiKeysRepo
      const random = yield* SecureRandom.SecureRandom
      const lookUp = (hash: string) => Effect.map(repo.findByHash(Buffer.from(hash, "hex")), Option.map(knownOf))
      const cache = yield* makeKeyCache(lookUp, repo.watch)
      const noteUse = yield* trackLastUse(repo)

      const mint = Effect.fnUntraced(function* (
        kind: "sk" | "op",
        environment: Environment,
        expiresAt: DateTime.Utc | null
      ) {
        if (expiresAt !== null && DateTime.isLessThanOrEqualTo(expiresAt, yield* DateTime.now)) {
          return yield* new ExpiryPassed()
        }
        const secret = makeSecret(kind, environment, yield* random.randomBytes(secretLength))
        const id = ApiKeyIds.fromUuid(yield* random.uuidV7())
        const hash = Buffer.from(hashSecret(secret), "hex")
        const stored: StoredSecret = { id, hash, hint: hintOf(secret), expiresAt }
        return { secret, stored }
      })

      const createForMerchant = Effect.fn("ApiKeys.createForMerchant")(function* (
        merchantId: MerchantId,
        { environment, expiresAt, name, scopes }: NewApiKey & { readonly scopes: ReadonlyArray<Scope> }
      ) {
        const { secret, stored } = yield* mint("sk", environment, expiresAt)
        const key = yield* repo.insert({ ...stored, merchantId, name, environment, scopes })
        if (Option.isNone(key)) return yield* new MerchantNotFound({ merchant_id: merchantId })
        return { ...key.value, secret }
      })

      const createForOperator = Effect.fn("ApiKeys.createForOperator")(function* (operator: NewApiKey) {
        const { environment, expiresAt, name } = operator
        const { secret, stored } = yield* mint("op", environment, expiresAt)
        const key = yield* repo.insert({ ...stored, merchantId: null, name, environment, scopes: [] })
        return { ...Option.getOrThrow(key), secret }
      })

      const list = Effect.fn("ApiKeys.list")(
        (limit: number, after: ApiKeyId | undefined, merchantId: MerchantId | undefined) =>
          Effect.map(repo.list(limit + 1, after, merchantId), pageOf(limit))
      )

      // Forgotten after a failure too: the change may have been committed all the same.
      const revoke = Effect.fn("ApiKeys.revoke")(function* (id: ApiKeyId) {
        const key = yield* Effect.ensuring(repo.revoke(id), cache.forgetAll)
        return Option.isSome(key) ? key.value : yield* new ApiKeyNotFound({ api_key_id: id })
      })

      const roll = Effect.fn("ApiKeys.roll")(function* (
        id: ApiKeyId,
        { expiresAt, overlap }: { readonly overlap: Duration.Duration; readonly expiresAt: DateTime.Utc | null }
      ) {
        const old = yield* repo.find(id)
        if (Option.isNone(old)) return yield* new ApiKeyNotFound({ api_key_id: id })
        const { environment, merchant_id } = old.value
        const { secret, stored } = yield* mint(merchant_id === null ? "op" : "sk", environment, expiresAt)
        const now = yield* DateTime.now
        const key = yield* Effect.ensuring(
          repo.roll(id, stored, now, DateTime.addDuration(now, overlap)),
          cache.forgetAll
        )
        return Option.isSome(key) ? { ...key.value, secret } : yield* new ApiKeyInactive({ api_key_id: id })
      })

      const authenticate = (secret: ApiKeySecret) =>
        Effect.suspend(() => {
          // Hashed whatever its form, so that the time it takes does not tell the form.
          const hash = hashSecret(secret)
          return hasSecretForm(secret) ? Effect.flatMap(cache.get(hash), whileItLasts) : Effect.succeedNone
        })

      const whileItLasts = Option.match({
        onNone: () => Effect.succeedNone,
        onSome: ({ credential, expiresAt_ms }: Known) =>
          Effect.clockWith((clock) => {
            const now = clock.currentTimeMillisUnsafe()
            if (now >= expiresAt_ms) return Effect.succeedNone
            noteUse(credential.keyId, now)
            return Effect.succeedSome(credential)
          })
      })

      return ApiKeys.of({
        createForMerchant,
        createForOperator,
        list,
        revoke,
        roll,
        authenticate
      })
    })
  )
}

/** What is kept of a key: put together once, and not for each request. */
interface Known {
  readonly credential: KeyCredential
  readonly expiresAt_ms: number
}

const knownOf = (holder: KeyHolder): Known => ({
  credential: credentialOf(holder),
  expiresAt_ms: holder.expires_at === null ? Number.POSITIVE_INFINITY : DateTime.toEpochMillis(holder.expires_at)
})
