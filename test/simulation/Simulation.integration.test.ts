import { Effect, Exit, Scope } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { corpus } from "./Corpus.ts"
import { simulateSales } from "./Sales.ts"
import { complaintsOf, salesText } from "./SalesReport.ts"
import { simulate } from "./Scenario.ts"
import { databases } from "./Server.ts"
import type { Outcome } from "./Stage.ts"

const scope = Scope.makeUnsafe()
let opened: ReadonlyArray<LocalDatabase> = []

beforeAll(async () => {
  opened = await Effect.runPromise(Scope.provide(databases(2), scope))
}, 300_000)
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const database = (number = 0): LocalDatabase => {
  const found = opened[number]
  if (found === undefined) throw new Error("There is no such database")
  return found
}

const rulesOf = ({ violations }: Outcome) => violations.map(({ detail, rule }) => `${rule}: ${detail}`)

it("gives the same for the same seed, whatever was run before it, and something else for another", async () => {
  const payments = 80
  const run = (seed: string, number: number) => simulate(seed, { database: database(number), payments })
  const [one, other] = await Promise.all([run("one", 0), run("another", 1)])
  const again = await run("one", 1)
  assert.deepStrictEqual(again, one)
  assert.notStrictEqual(other.hash, one.hash)
  assert.deepStrictEqual([...rulesOf(one), ...rulesOf(other)], [])
}, 300_000)

it("decides every one of 1,000 sales of which answers and requests are lost, reversals' as well", async () => {
  const outcome = await simulateSales("sales", { database: database(), payments: 1_000 })
  console.log(salesText(outcome))
  assert.deepStrictEqual(complaintsOf(outcome), [])
  assert.isAbove(outcome.ours, 0)
  for (const fault of ["CCE1 ANSWER_LOST", "CCE1 REQUEST_LOST", "CCE7 ANSWER_LOST", "CCE7 REQUEST_LOST"]) {
    assert.isAbove(outcome.counts.get(`fault: ${fault}`) ?? 0, 0)
  }
  // Those of which every reversal was lost.
  assert.isAbove(outcome.counts.get("payments unknown") ?? 0, 0)
}, 300_000)

it("holds for what once failed", async () => {
  const [least] = corpus().toSorted((one, other) => one.payments - other.payments)
  assert.isAtLeast(corpus().length, 4)
  const { payments = 0, seed = "" } = least ?? {}
  assert.deepStrictEqual(rulesOf(await simulate(seed, { database: database(), payments })), [])
}, 300_000)

describe("notices a call that is sent again by itself", () => {
  it.each(["CCE1", "CCE2", "CCE4", "CCE7", "CCE9", "CCEX"])(
    "%s",
    async (resends) => {
      const rules = new Set<string>()
      for (let seed = 1; seed <= 12 && !rules.has("sent once"); seed++) {
        const { violations } = await simulate(`twice ${seed}`, { database: database(), payments: 30, resends })
        for (const { rule } of violations) rules.add(rule)
      }
      assert.include([...rules], "sent once")
    },
    300_000
  )
})

describe("finds a bug that is planted", () => {
  const bugs: ReadonlyArray<readonly [string, (text: string) => string]> = [
    [
      "nobody takes over what a dead process left",
      (text) => text.replace("status = 'submitting' AND lease_until", "false AND lease_until")
    ],
    [
      "a charge is counted twice",
      (text) => text.replace("captured = payments.captured +", "captured = payments.captured + 2 *")
    ],
    [
      "a reversal is told to nobody",
      (text) => text.replace("SET status = $1, settled_at = now(), doubt = $2", "SET settled_at = now(), doubt = $2")
    ],
    [
      "a refund reserves nothing",
      (text) =>
        text.replace("pending_refund = payments.pending_refund + c.amount", "pending_refund = payments.pending_refund")
    ],
    [
      "a void leaves its target standing",
      (text) => text.replace("SET status = 'voided' FROM t WHERE", "SET status = 'approved' FROM t WHERE")
    ]
  ]

  it.each(bugs)(
    "%s",
    async (_, sabotage) => {
      for (let seed = 1; seed <= 12; seed++) {
        const { violations } = await simulate(`planted ${seed}`, { database: database(), payments: 60, sabotage })
        if (violations.length > 0) return
      }
      assert.fail("no seed found it")
    },
    300_000
  )
})
