import { assert, it } from "@effect/vitest"
import { judgeReplica } from "../../../src/cli/doctor/Replica.ts"

const own = { system: "1", database: "5", started: 10, is_standby: false, position: 100 }
const its = { ...own, started: 11, is_standby: true }
const usual = { age: 60, is_following: true }

it.each([
  [{}, {}, "ok: standby/payments follows the primary, and has all that it has."],
  [{ position: 99 }, { age: 3.2 }, "ok: standby/payments follows the primary, and is behind by 3 seconds."],
  [{ position: 99 }, {}, "warning: standby/payments is behind by 60 seconds; with more than 5 it is not used."],
  [{ position: 99 }, { age: null }, "warning: standby/payments is behind; with more than 5 it is not used."],
  [{}, { is_following: false }, "warning: standby/payments is a standby and follows nobody."],
  [{ is_standby: false, started: 10 }, {}, "ok: standby/payments is the primary itself."],
  [{ is_standby: false }, {}, "failed: The Postgres at standby/payments is no replica of this database."],
  [{ system: "2" }, {}, "failed: The Postgres at standby/payments is no replica of this database."],
  [{ database: "6" }, {}, "failed: The Postgres at standby/payments is no replica of this database."]
] as const)("a replica is told of where %j %j", (change, progress, told) => {
  const { found, status } = judgeReplica(own, { ...its, ...change }, { ...usual, ...progress }, "standby/payments")
  assert.strictEqual(`${status}: ${found}`, told)
})
