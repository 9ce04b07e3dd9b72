import { randomUUID } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Option, Scope } from "effect"
import type { MerchantId } from "../../src/domain/Ids.ts"
import { makePlaces } from "../../src/limits/Places.ts"
import { PlacesRepo } from "../../src/limits/PlacesRepo.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsTest } from "../merchants/MerchantsTest.ts"

/** The places as another process has them: nothing but the database is shared. */
const process = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const { enter } = yield* Effect.provideService(
    makePlaces(1_000, () => performance.now()),
    Scope.Scope,
    scope
  )
  const tenantOf = (merchantId: MerchantId) => ({ merchantId, environment: "test" as const })
  return {
    /** What gives them back, of those that were let in of so many who come together. */
    enter: (merchantId: MerchantId, times: number) =>
      Effect.map(
        Effect.all(
          Array.from({ length: times }, () => enter(tenantOf(merchantId), (wait) => wait)),
          { concurrency: "unbounded" }
        ),
        (leaves) => leaves.filter((leave) => leave !== undefined)
      ),
    end: Scope.close(scope, Exit.void)
  }
}).pipe(Effect.provide(PlacesRepo.layer))

const merchantOf = (writes_at_once: number) =>
  Effect.map(
    Effect.flatMap(Merchants, (merchants) => merchants.create({ name: "Shop", writes_at_once })),
    ({ id }) => id
  )

const after = Effect.sleep("150 millis")

layer(MerchantsTest, { excludeTestServices: true })("ARCH-A8: the places of a merchant", (it) => {
  it.effect("are shared by all processes, and free again when a request is over", () =>
    Effect.gen(function* () {
      const id = yield* merchantOf(20)
      const [first, second] = [yield* process, yield* process]
      const mine = yield* first.enter(id, 15)
      assert.lengthOf(mine, 15)
      const others = yield* second.enter(id, 15)
      // Up to eight of those that nobody uses are leased all the same.
      assert.include([4, 5], others.length)
      yield* after
      assert.lengthOf(yield* second.enter(id, 1), 0)
      for (const leave of others) leave()
      assert.lengthOf(yield* second.enter(id, 9), others.length)
    })
  )

  it.effect("are never more than there are, when processes ask for them at the same moment", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { lease } = yield* PlacesRepo
      const merchantId = yield* merchantOf(20)
      // None has written yet when the last one looks, unless they wait for each other.
      yield* sql`CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$`
      yield* sql`CREATE TRIGGER linger BEFORE INSERT ON concurrency_leases FOR EACH ROW EXECUTE FUNCTION linger()`
      const asked = Array.from({ length: 4 }, () =>
        lease({ process: randomUUID(), tenant: { merchantId, environment: "test" }, places: 8, usual: 1_000 })
      )
      const granted = yield* Effect.all(asked, { concurrency: "unbounded" }).pipe(
        Effect.ensuring(Effect.orDie(sql`DROP FUNCTION linger CASCADE`))
      )
      assert.deepStrictEqual(granted.map((places) => Option.getOrElse(places, () => -1)).toSorted(), [0, 4, 8, 8])
    }).pipe(Effect.provide(PlacesRepo.layer))
  )

  it.effect("of a process that has ended go to the others, at once or when its lease runs out", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const id = yield* merchantOf(10)
      const [ending, killed, last] = [yield* process, yield* process, yield* process]
      assert.lengthOf(yield* ending.enter(id, 10), 10)
      yield* ending.end
      assert.lengthOf(yield* killed.enter(id, 10), 10)
      assert.lengthOf(yield* last.enter(id, 10), 0)
      yield* sql`UPDATE concurrency_leases SET expires_at = now()`
      yield* after
      assert.lengthOf(yield* last.enter(id, 10), 10)
    })
  )

  it.effect("are as many as an operator says, from the next lease on", () =>
    Effect.gen(function* () {
      const { change } = yield* Merchants
      const id = yield* merchantOf(1)
      const one = yield* process
      assert.lengthOf(yield* one.enter(id, 4), 1)
      yield* change(id, { writes_at_once: 3 })
      yield* after
      assert.lengthOf(yield* one.enter(id, 4), 2)
    })
  )
})
