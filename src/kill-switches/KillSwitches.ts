import { Context, Effect, Layer, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type KillSwitchId, KillSwitchIds } from "../domain/Ids.ts"
import { type KillSwitch, KillSwitchNotFound } from "../domain/KillSwitch.ts"
import { MerchantNotFound } from "../domain/Merchant.ts"
import { type Page, pageOf } from "../postgres/Page.ts"
import { KillSwitchesRepo } from "./KillSwitchesRepo.ts"
import type { NewKillSwitch } from "./NewKillSwitch.ts"

/**
 * Stops operations at once, in every process: each claim reads what is stopped. What has begun goes on, and so does
 * what puts things right, such as the undoing of a charge of unknown outcome.
 */
export class KillSwitches extends Context.Service<
  KillSwitches,
  {
    /** One that is in force already keeps its id, and takes the new reason. */
    throw(asked: NewKillSwitch): Effect.Effect<KillSwitch, MerchantNotFound | DatabaseUnavailable>
    lift(id: KillSwitchId): Effect.Effect<KillSwitch, KillSwitchNotFound | DatabaseUnavailable>
    /** Those in force, the newest first. */
    list(limit: number, after: KillSwitchId | undefined): Effect.Effect<Page<KillSwitch>, DatabaseUnavailable>
  }
>()("payment-service/kill-switches/KillSwitches") {
  static readonly layer = Layer.effect(
    KillSwitches,
    Effect.gen(function* () {
      const repo = yield* KillSwitchesRepo
      const random = yield* SecureRandom.SecureRandom

      const throw_ = Effect.fn("KillSwitches.throw")(function* (asked: NewKillSwitch) {
        const id = KillSwitchIds.fromUuid(yield* random.uuidV7())
        const inserted = yield* repo.insert(id, asked)
        const { merchant_id } = asked
        if (merchant_id !== undefined && Option.isNone(inserted)) return yield* new MerchantNotFound({ merchant_id })
        const thrown = Option.getOrThrow(inserted)
        yield* told("An operation is stopped", thrown)
        return thrown
      })

      const lift = Effect.fn("KillSwitches.lift")(function* (id: KillSwitchId) {
        const lifted = yield* repo.delete(id)
        if (Option.isNone(lifted)) return yield* new KillSwitchNotFound()
        yield* told("An operation is no longer stopped", lifted.value)
        return lifted.value
      })

      const list = Effect.fn("KillSwitches.list")((limit: number, after: KillSwitchId | undefined) =>
        Effect.map(repo.list(limit + 1, after), pageOf(limit))
      )

      return KillSwitches.of({ throw: throw_, lift, list })
    })
  )
}

const told = (message: string, { id, merchant_id, operation }: KillSwitch) =>
  Effect.annotateLogs(Effect.logWarning(message), { kill_switch_id: id, merchant_id: merchant_id ?? "all", operation })
