import { assert, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import { SqlClient } from "effect/sql"
import { MerchantIds, TerminalIds } from "../../src/domain/Ids.ts"
import type { TerminalChange } from "../../src/domain/Merchant.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsTest, terminal } from "./MerchantsTest.ts"

const nobody = MerchantIds.fromUuid("01970000-0000-7000-8000-000000000000")

const plainFeatures = { multiple_captures: false, partial_approvals: false, has_lookup_key: false }

layer(MerchantsTest)("Merchants", (it) => {
  it.effect("stores a merchant with its terminals and reads it back", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const [test, live] = [terminal("test"), terminal("live")]

      const created = yield* merchants.create({ name: "Café Ünïcode 🍰", terminals: [test, live] })

      assert.strictEqual(created.name, "Café Ünïcode 🍰")
      assert.strictEqual(created.status, "active")
      assert.deepStrictEqual(
        created.terminals.map(({ id, object, ...rest }) => rest),
        [test, live].map((terminal) => ({ ...terminal, ...plainFeatures }))
      )
      assert.deepStrictEqual(yield* merchants.get(created.id), created)
    })
  )

  it.effect("creates a merchant without terminals, which get one later", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const { id, terminals } = yield* merchants.create({ name: "Bare" })
      assert.deepStrictEqual(terminals, [])

      const added = yield* merchants.addTerminal(id, terminal())

      assert.deepStrictEqual((yield* merchants.get(id)).terminals, [added])
    })
  )

  it.effect("fails with what is missing or taken, and then has stored nothing", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const sql = yield* SqlClient.SqlClient
      const taken = terminal()
      const { id } = yield* merchants.create({ name: "First", terminals: [taken] })
      const before = yield* sql`SELECT count(*)::int AS merchants FROM merchants`

      const sameKey = yield* Effect.flip(merchants.create({ name: "Second", terminals: [taken] }))
      const twoInOne = yield* Effect.flip(merchants.create({ name: "Third", terminals: [terminal(), terminal()] }))
      const secondTest = yield* Effect.flip(merchants.addTerminal(id, terminal()))
      const ofNobody = yield* Effect.flip(merchants.addTerminal(nobody, terminal()))
      const getNobody = yield* Effect.flip(merchants.get(nobody))
      const renameNobody = yield* Effect.flip(merchants.change(nobody, { name: "x" }))

      assert.deepStrictEqual(
        [sameKey, twoInOne, secondTest, ofNobody, getNobody, renameNobody].map((error) => error._tag),
        [
          "TerminalTaken",
          "MerchantHasTerminal",
          "MerchantHasTerminal",
          "MerchantNotFound",
          "MerchantNotFound",
          "MerchantNotFound"
        ]
      )
      assert.notInclude(sameKey.message, taken.merch_nbr)
      assert.deepStrictEqual(yield* sql`SELECT count(*)::int AS merchants FROM merchants`, before)
    })
  )

  it.effect("gives a four-part key to one of many who ask at once", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const wanted = terminal()

      const results = yield* Effect.forEach(
        Array.from({ length: 10 }, (_, index) => index),
        (index) => Effect.result(merchants.create({ name: `Racer ${index}`, terminals: [wanted] })),
        { concurrency: "unbounded" }
      )

      assert.strictEqual(results.filter(Result.isSuccess).length, 1)
      const refused = results.filter(Result.isFailure).map(({ failure }) => failure._tag)
      assert.deepStrictEqual(refused, Array(9).fill("TerminalTaken"))
    })
  )

  it.effect("the same key may exist once in each environment", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const test = terminal("test")
      const created = yield* merchants.create({ name: "Both", terminals: [test, { ...test, environment: "live" }] })
      assert.lengthOf(created.terminals, 2)
    })
  )

  it.effect("renames, suspends and activates without touching the rest", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const created = yield* merchants.create({ name: "Old name", terminals: [terminal()] })

      assert.deepStrictEqual(yield* merchants.change(created.id, { name: "New name" }), {
        ...created,
        name: "New name",
        version: 2
      })
      assert.deepStrictEqual(yield* merchants.suspend(created.id), {
        ...created,
        name: "New name",
        version: 3,
        status: "suspended"
      })
      assert.strictEqual((yield* merchants.suspend(created.id)).status, "suspended")
      assert.deepStrictEqual(yield* merchants.activate(created.id), { ...created, name: "New name", version: 5 })
    })
  )

  it.effect("changes what is given of a settlement, on the merchant's own terminal only", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const mine = yield* merchants.create({ name: "Mine", terminals: [terminal()] })
      const other = yield* merchants.create({ name: "Other", terminals: [terminal()] })
      const [before] = mine.terminals
      assert.isDefined(before)

      const change = (change: TerminalChange) =>
        Effect.map(merchants.changeTerminal(mine.id, before.id, change), ({ terminal }) => terminal)
      const zoned = yield* change({ settlement_zone: "Europe/Berlin" })
      const both = yield* change({ settlement_cutoff: "00:30" })

      assert.deepStrictEqual(zoned, { ...before, settlement_zone: "Europe/Berlin" })
      assert.deepStrictEqual(both, { ...before, settlement_zone: "Europe/Berlin", settlement_cutoff: "00:30" })
      assert.deepStrictEqual(yield* change({}), both)
      const foreign = yield* Effect.flip(merchants.changeTerminal(other.id, before.id, { settlement_zone: "UTC" }))
      const unknown = TerminalIds.fromUuid("01970000-0000-7000-8000-000000000000")
      const missing = yield* Effect.flip(merchants.changeTerminal(mine.id, unknown, { settlement_zone: "UTC" }))
      assert.deepStrictEqual([foreign._tag, missing._tag], ["TerminalNotFound", "TerminalNotFound"])
    })
  )

  it.effect("lists the newest first, page by page, each merchant once", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const sql = yield* SqlClient.SqlClient
      const emptied = [sql`SET LOCAL session_replication_role = replica`, sql`TRUNCATE merchants CASCADE`]
      yield* sql.withTransaction(Effect.all(emptied))
      const created = yield* Effect.forEach(["a", "b", "c", "d", "e"], (name) => merchants.create({ name }))

      const first = yield* merchants.list(2, undefined)
      const second = yield* merchants.list(2, first.data[1]?.id)
      const third = yield* merchants.list(2, second.data[1]?.id)

      assert.deepStrictEqual([first.has_more, second.has_more, third.has_more], [true, true, false])
      assert.deepStrictEqual([...first.data, ...second.data, ...third.data], created.toReversed())
      assert.isFalse((yield* merchants.list(5, undefined)).has_more)
    })
  )
})
