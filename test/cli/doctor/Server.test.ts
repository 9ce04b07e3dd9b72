import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { judgeConnections, judgeDurability, judgeServer, type ServerFacts } from "../../../src/cli/doctor/Server.ts"
import { examined } from "./Examined.ts"

const facts: ServerFacts = {
  version: "18.4",
  version_num: 180_004,
  process_id: 7,
  is_standby: false,
  read_only: "off",
  encoding: "UTF8",
  isolation: "read committed",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  max_connections: 100,
  reserved: 3,
  database_limit: -1,
  role_limit: -1,
  open: 5
}

const judged = (change: Partial<ServerFacts>) =>
  judgeServer({ ...facts, ...change }, "db/payments", 7).map(({ found, status }) => `${status}: ${found}`)

describe("a server", () => {
  it("is fit as a primary of a version that is tested", () => {
    assert.deepStrictEqual(judged({}), ["ok: Postgres 18.4 at db/payments, a primary."])
  })

  it.each([
    [{ version: "14.9", version_num: 140_009 }, "failed: Postgres 14.9 at db/payments is too old."],
    [{ version: "19.0", version_num: 190_000 }, "warning: Postgres 19.0 at db/payments is not tested."],
    [{ is_standby: true }, "failed: The Postgres at db/payments is in recovery: a standby, which takes no writes."],
    [{ read_only: "on" }, "failed: default_transaction_read_only is on: every write is refused."],
    [{ encoding: "SQL_ASCII" }, "failed: The encoding of the database is SQL_ASCII."],
    [
      { isolation: "serializable" },
      "warning: default_transaction_isolation is serializable; the statements are made for read committed."
    ],
    [{ process_id: 8 }, "warning: A pooler stands between the service and Postgres."]
  ])("is told of where %j", (change, found) => {
    assert.deepStrictEqual(judged(change), [found])
  })

  it("that is wrong in several ways is told of all of them", () => {
    assert.lengthOf(judged({ is_standby: true, read_only: "on", encoding: "LATIN1" }), 3)
  })
})

describe("durability", () => {
  it("is what production needs, and a warning elsewhere", () => {
    const off = { ...facts, fsync: "off", synchronous_commit: "off" }
    assert.deepInclude(judgeDurability(off, true), {
      status: "failed",
      found: "fsync, synchronous_commit are off: a crash can lose the record of money that has moved."
    })
    assert.strictEqual(judgeDurability(off, false).status, "warning")
    assert.strictEqual(judgeDurability({ ...facts, full_page_writes: "off" }, true).status, "failed")
    assert.strictEqual(judgeDurability({ ...facts, synchronous_commit: "local" }, true).status, "ok")
  })
})

describe("connections", () => {
  const settings = Effect.map(examined({}), (it) => it.settings)
  const statusOf = (change: Partial<ServerFacts>, processes: number) =>
    Effect.map(settings, (usual) => judgeConnections({ ...facts, ...change }, usual, processes).status)

  it.effect("are 22 for each process, of those that are not reserved", () =>
    Effect.map(settings, (usual) =>
      assert.strictEqual(
        judgeConnections(facts, usual, 1).found,
        "1 process takes 22 connections of 97 that we may have (5 are open now); 3 processes fit."
      )
    )
  )

  it.effect("K-4: are four fifths of what may be had at most, for as many processes as there are", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusOf({}, 3), "ok")
      assert.strictEqual(yield* statusOf({}, 4), "warning")
      assert.strictEqual(yield* statusOf({}, 5), "failed")
    })
  )

  it.effect.each([{ role_limit: 20 }, { database_limit: 20 }, { max_connections: 22 }])("fail with %j", (change) =>
    Effect.map(statusOf(change, 1), (status) => assert.strictEqual(status, "failed"))
  )
})
