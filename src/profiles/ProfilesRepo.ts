import { Context, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { auditEntry, auditInsert } from "../postgres/AuditEntry.ts"
import { Database } from "../postgres/Database.ts"
import { rowsOf } from "../postgres/Row.ts"

/** What is kept of a profile: that it was taken. */
export interface ProfileNote {
  readonly kind: "cpu" | "heap"
  readonly seconds: number
}

export class ProfilesRepo extends Context.Service<
  ProfilesRepo,
  { note(profile: ProfileNote): Effect.Effect<void, DatabaseUnavailable> }
>()("payment-service/profiles/ProfilesRepo") {
  static readonly layer = Layer.effect(
    ProfilesRepo,
    Effect.gen(function* () {
      const { plain } = yield* Database
      const random = yield* SecureRandom.SecureRandom

      const note = Effect.fn("ProfilesRepo.note")(function* ({ kind, seconds }: ProfileNote) {
        const audit = yield* auditEntry(random, "profile.started", { kind, seconds })
        yield* noRows(plain((sql) => sql`${auditInsert(sql, audit, {}, "(SELECT) AS once")}`))
      })

      return ProfilesRepo.of({ note })
    })
  )
}

const noRows = rowsOf(Schema.Never)
