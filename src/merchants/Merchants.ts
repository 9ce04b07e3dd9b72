import { Context, Effect, Layer, Option } from "effect"
import { SecureRandom } from "effect/crypto"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { type MerchantId, MerchantIds, type TerminalId, TerminalIds } from "../domain/Ids.ts"
import {
  type Merchant,
  type MerchantChange,
  type MerchantHasTerminal,
  MerchantNotFound,
  type NewMerchant,
  type NewTerminal,
  type Terminal,
  type TerminalChange,
  TerminalNotFound,
  type TerminalTaken
} from "../domain/Merchant.ts"
import { PreconditionFailed } from "../domain/PreconditionFailed.ts"
import type { IfMatch } from "../http/IfMatch.ts"
import { type Page, pageOf } from "../postgres/Page.ts"
import { type Changed, MerchantsRepo, type MerchantUpdate } from "./MerchantsRepo.ts"

export class Merchants extends Context.Service<
  Merchants,
  {
    create(merchant: NewMerchant): Effect.Effect<Merchant, TerminalTaken | MerchantHasTerminal | DatabaseUnavailable>
    get(id: MerchantId): Effect.Effect<Merchant, MerchantNotFound | DatabaseUnavailable>
    /** Newest first, from behind `after` on. */
    list(limit: number, after: MerchantId | undefined): Effect.Effect<Page<Merchant>, DatabaseUnavailable>
    /** What is not given stays as it is. It holds for every charge that is claimed once this returns. */
    change(
      id: MerchantId,
      change: MerchantChange,
      ifMatch?: IfMatch | null
    ): Effect.Effect<Merchant, MerchantNotFound | PreconditionFailed | DatabaseUnavailable>
    /** Its keys can still read. No charge of it is accepted once this returns. */
    suspend(id: MerchantId): Effect.Effect<Merchant, MerchantNotFound | DatabaseUnavailable>
    activate(id: MerchantId): Effect.Effect<Merchant, MerchantNotFound | DatabaseUnavailable>
    addTerminal(
      id: MerchantId,
      terminal: NewTerminal
    ): Effect.Effect<Terminal, MerchantNotFound | TerminalTaken | MerchantHasTerminal | DatabaseUnavailable>
    /** What is not given stays as it is. Business dates already fixed do not change. */
    changeTerminal(
      id: MerchantId,
      terminalId: TerminalId,
      change: TerminalChange,
      ifMatch?: IfMatch | null
    ): Effect.Effect<Changed, TerminalNotFound | PreconditionFailed | DatabaseUnavailable>
  }
>()("payment-service/merchants/Merchants") {
  static readonly layer = Layer.effect(
    Merchants,
    Effect.gen(function* () {
      const repo = yield* MerchantsRepo
      const { uuidV7 } = yield* SecureRandom.SecureRandom

      const withId = (terminal: NewTerminal) =>
        Effect.map(uuidV7(), (uuid) => ({ ...terminal, id: TerminalIds.fromUuid(uuid) }))

      const found = (id: MerchantId) =>
        Effect.flatMap(
          Option.match({ onNone: () => new MerchantNotFound({ merchant_id: id }), onSome: Effect.succeed<Merchant> })
        )

      const create = Effect.fn("Merchants.create")(function* ({ terminals = [], ...merchant }: NewMerchant) {
        const id = MerchantIds.fromUuid(yield* uuidV7())
        return yield* repo.insert({ ...merchant, id, terminals: yield* Effect.forEach(terminals, withId) })
      })

      const get = Effect.fn("Merchants.get")((id: MerchantId) => found(id)(repo.find(id)))

      const list = Effect.fn("Merchants.list")((limit: number, after: MerchantId | undefined) =>
        Effect.map(repo.list(limit + 1, after), pageOf(limit))
      )

      const update = (id: MerchantId, change: MerchantUpdate) => found(id)(repo.update(id, change, null))

      /** Why nothing was changed: it is there, so in another version. */
      const orElse = <E>(id: MerchantId, isThere: (merchant: Merchant) => boolean, missing: E) =>
        Effect.flatMap(repo.find(id), (merchant) =>
          Effect.fail(Option.exists(merchant, isThere) ? new PreconditionFailed() : missing)
        )

      const change = Effect.fn("Merchants.change")(function* (
        id: MerchantId,
        change: MerchantChange,
        ifMatch: IfMatch | null = null
      ) {
        const changed = yield* repo.update(id, change, ifMatch)
        return Option.isSome(changed)
          ? changed.value
          : yield* orElse(id, () => true, new MerchantNotFound({ merchant_id: id }))
      })

      const suspend = Effect.fn("Merchants.suspend")((id: MerchantId) => update(id, { status: "suspended" }))

      const activate = Effect.fn("Merchants.activate")((id: MerchantId) => update(id, { status: "active" }))

      const addTerminal = Effect.fn("Merchants.addTerminal")(function* (id: MerchantId, terminal: NewTerminal) {
        const added = yield* repo.insertTerminal(id, yield* withId(terminal))
        return yield* Option.match(added, {
          onNone: () => new MerchantNotFound({ merchant_id: id }),
          onSome: Effect.succeed
        })
      })

      const changeTerminal = Effect.fn("Merchants.changeTerminal")(function* (
        id: MerchantId,
        terminalId: TerminalId,
        change: TerminalChange,
        ifMatch: IfMatch | null = null
      ) {
        const changed = yield* repo.updateTerminal(id, terminalId, change, ifMatch)
        const missing = new TerminalNotFound({ merchant_id: id, terminal_id: terminalId })
        return Option.isSome(changed)
          ? changed.value
          : yield* orElse(id, ({ terminals }) => terminals.some((terminal) => terminal.id === terminalId), missing)
      })

      return Merchants.of({ create, get, list, change, suspend, activate, addTerminal, changeTerminal })
    })
  )
}
