import { readFileSync } from "node:fs"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { TestDatabase } from "../support/TestDatabase.ts"
import { TestService } from "../support/TestService.ts"

const page = readFileSync("docs/retention.md", "utf8")
const rowsOf = (text: string) =>
  Array.from(text.matchAll(/^\| `(\w+)` \| (.*) \|$/gm), ([, name = "", rest = ""]) => ({ name, rest }))

/** What stands there of the three, with the month after the next one for its month. */
const [before = "", swap = "", identity = ""] = Array.from(
  page.matchAll(/^```sql\n(.*?)^```$/gms),
  ([, text = ""]) => text
)

const month = (ahead: number) => {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)).toISOString().slice(0, 7)
}
const nameOf = (ahead: number) => month(ahead).replace("-", "_")
const months: Readonly<Record<string, string>> = { "2027-04": month(3), "2027-03": month(2), "2027_03": nameOf(2) }
// At once: one of these may be what another one stands for.
const dated = (text: string) => text.replaceAll(/2027[-_]0[34]/g, (found) => months[found] ?? found)

const differing = rowsOf(page.split("The other two differ in this;")[1] ?? "").map(({ name, rest }) => {
  const [key = "", constraint = "", references = ""] = Array.from(rest.split(" | "), (cell) => cell.replaceAll("`", ""))
  const foreign = references.split("), ").map((each) => {
    const [, table = "", column = ""] = /^(\w+) \((\w+)\)?$/.exec(each.replace(/\)$/, "")) ?? []
    return { table, add: `ALTER TABLE ${name} ADD FOREIGN KEY (${column}) REFERENCES ${table};` }
  })
  const renamed = (text: string) =>
    text
      .replace(/^ALTER TABLE events ADD FOREIGN KEY .*$/m, foreign.map(({ add }) => add).join("\n"))
      .replace("LOCK TABLE transactions,", `LOCK TABLE ${foreign.map(({ table }) => table).join(", ")},`)
      .replace("merchant_id, environment, id, created_at", key)
      .replaceAll("events_list", constraint)
      .replaceAll(/\bevents\b|\bevents_(?=until|key|2027|rest)/g, (word) => word.replace("events", name))
      .replace(/^CREATE TABLE \w+ \(LIKE .*$/m, (line) => (name === "ledger_entries" ? `${line}\n${identity}` : line))
  return { name, before: renamed(before), swap: renamed(swap) }
})

/** One statement after the other, in one session. */
const carryOut = (text: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const connection = yield* sql.reserve
    const run = (statement: string) => connection.executeUnprepared(statement, [], undefined)
    for (const statement of dated(text)
      .split(/;\n/)
      .filter((each) => each !== "")) {
      yield* Effect.tapError(run(statement), () => Effect.ignore(run("ROLLBACK")))
    }
  }).pipe(Effect.scoped)

layer(TestDatabase.layerClient)("docs/retention.md", (it) => {
  it.effect("has each table once, and says who removes its rows", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const tables = yield* sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
      const listed = rowsOf(page.split("## Why so long")[0] ?? "")
      assert.sameMembers(
        listed.map(({ name }) => name),
        tables.map(({ name }) => name)
      )
      const removed = listed.filter(({ rest }) => !rest.endsWith("| nothing")).map(({ name }) => name)
      assert.deepStrictEqual(removed, [
        "duplicate_guards",
        "rate_limits",
        "concurrency_leases",
        "decline_levels",
        "kill_switches"
      ])
    })
  )
})

layer(TestService.layer, { excludeTestServices: true })("a table that has grown", (it) => {
  it.effect("is partitioned as docs/retention.md says, while the service charges and lists", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const { charge, merchant, request } = yield* TestService
      const read = (path: string) => request({ path, key: merchant.keys.read })
      const first = yield* charge()
      const statuses: Array<number> = []
      const charging = yield* Effect.forkChild(
        Effect.forever(Effect.map(charge(), ({ status }) => void statuses.push(status)))
      )
      for (const table of [{ name: "events", before, swap }, ...differing]) {
        yield* carryOut(table.before)
        yield* Effect.retry(carryOut(table.swap), Schedule.recurs(5))
        const partitions = yield* sql`SELECT FROM pg_inherits WHERE inhparent = ${table.name}::text::regclass`
        assert.lengthOf(partitions, 3, table.name)
      }
      yield* Effect.sleep("300 millis")
      yield* Fiber.interrupt(charging)
      assert.isAbove(statuses.length, 10)
      assert.deepStrictEqual(new Set(statuses), new Set([201]))
      const { json } = yield* charge()
      for (const id of [first.json.id, json.id]) {
        const { json: timeline } = yield* read(`/v1/payments/${id}/timeline`)
        assert.lengthOf(timeline.events, 1)
        assert.lengthOf(timeline.ledger_entries, 2)
      }
      const [wrong] = yield* sql`SELECT count(*)::int4 AS unlike FROM payments p
        WHERE (SELECT count(*) FROM events e WHERE e.payment_id = p.id) <> 1
          OR (SELECT count(*) FROM ledger_entries l WHERE l.payment_id = p.id) <> 2`
      assert.deepStrictEqual(wrong, { unlike: 0 })
      // In the months to come, and in one that nobody has made.
      for (const [ahead, partition] of [
        [0, `until_${nameOf(2)}`],
        [2, nameOf(2)],
        [30, "rest"]
      ] as const) {
        const at = `${month(ahead)}-02`
        const [row] =
          yield* sql`INSERT INTO events SELECT gen_random_uuid(), merchant_id, environment, type, payment_id,
          transaction_id, payload, ${at}::text::timestamptz FROM events LIMIT 1 RETURNING tableoid::regclass::text AS name`
        assert.strictEqual(row?.["name"], `events_${partition}`)
      }
      const { json: list } = yield* read("/v1/events?limit=5")
      assert.lengthOf(list.data, 5)
    })
  )
})
