import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { cutOffAfter } from "../../src/simulator/CutOff.ts"
import { ask, type Form, keyText, post, sale, timeoutReversal, until } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric, codeOf, money, states } from "./support/Lifecycle.ts"

const close = (batchId: string, tranNbr: string, terminal = "1"): Form => ({
  ...timeoutReversal({ BATCH_ID: batchId, TRAN_NBR: tranNbr }),
  TRAN_TYPE: "CCEZ",
  TERMINAL_NBR: terminal
})

describe("the cut-off", () => {
  const cutOffs = [
    { after: "2026-03-14T18:30:05Z", at: "23:00", zone: "America/New_York", is: "2026-03-15T03:00:00Z" },
    { after: "2026-03-15T03:00:00Z", at: "23:00", zone: "America/New_York", is: "2026-03-16T03:00:00Z" },
    // The clocks go forward on 8 March and back on 1 November.
    { after: "2026-03-08T04:00:00Z", at: "23:00", zone: "America/New_York", is: "2026-03-09T03:00:00Z" },
    { after: "2026-11-01T03:00:00Z", at: "23:00", zone: "America/New_York", is: "2026-11-02T04:00:00Z" },
    { after: "2026-03-14T22:59:59Z", at: "00:00", zone: "Europe/Berlin", is: "2026-03-14T23:00:00Z" },
    { after: "2026-12-31T23:30:00Z", at: "08:15", zone: "Asia/Kolkata", is: "2027-01-01T02:45:00Z" }
  ]

  it.each(cutOffs)("after $after at $at in $zone is $is", ({ after, at, zone, is }) => {
    const found = cutOffAfter(Date.parse(after), { settlement_cut_off: at, settlement_time_zone: zone })
    assert.strictEqual(DateTime.formatIso(DateTime.makeUnsafe(found)), is.replace("Z", ".000Z"))
  })

  it.effect("settles sales, captures and refunds, not authorizations", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const sold = yield* bricOf(simulator, sale)
        const held = yield* bricOf(simulator, { ...authorization, TRAN_NBR: "2" })
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "3", "40.00"))
        const refunded = yield* bricOf(simulator, byBric("CCE9", captured, "4", "10.00"))
        yield* bricOf(simulator, { ...authorization, TRAN_NBR: "5" })
        yield* simulator.clock.advance("8 hours")
        assert.deepStrictEqual((yield* simulator.ledger())[0]?.settled, 0)
        yield* simulator.clock.advance("30 minutes")
        const all = ["CCE1 settled", "CCE2 captured", "CCE4 settled", "CCE9 settled", "CCE2 open"]
        assert.deepStrictEqual(yield* states(simulator), all)
        const [ledger] = yield* simulator.ledger()
        assert.deepStrictEqual([ledger?.settled, ledger?.net], [4200, 9200])
        const [shown] = yield* simulator.transactions()
        assert.strictEqual(shown?.settledAt, Date.parse("2026-03-15T03:00:00Z"))
        for (const [index, bric] of [sold, captured, refunded].entries()) {
          assert.strictEqual(yield* codeOf(simulator, byBric("CCEX", bric, `1${index}`)), "21")
        }
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE7", sold, "20")), "21")
        assert.strictEqual(yield* codeOf(simulator, byBric("CCE9", sold, "21", "12.00")), "00")
        assert.deepStrictEqual((yield* simulator.ledger())[0]?.settled, 4200)
      })
    )
  )

  it.effect("counts though nobody looked before the profile changed", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* simulator.clock.advance("9 hours")
        yield* simulator.patchProfile({ auto_close: false })
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 settled"])
      })
    )
  )

  it.effect("is the profile's, and none where batches are closed by hand", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ auto_close: false })
        yield* simulator.patchProfile({ settlement_cut_off: "12:00", settlement_time_zone: "America/Phoenix" }, keyText)
        yield* ask(simulator, sale)
        yield* simulator.clock.advance("10 days")
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 open"])
        yield* simulator.patchProfile({ auto_close: true }, keyText)
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 open"])
        // 14:30 in New York is 11:30 in Phoenix.
        yield* simulator.clock.advance("30 minutes")
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 settled"])
      })
    )
  )

  it.effect("of a sale held up inside EPX is the one after its booking", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* Effect.forkChild(post(simulator, { ...sale, USER_DATA_10: "SIM_LATE_COMMIT_36000" }))
        yield* ask(simulator, { ...sale, TRAN_NBR: "2" })
        yield* until(Effect.map(simulator.requests(), ({ length }) => length === 2))
        yield* simulator.clock.advance("20 hours")
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 settled", "CCE1 open"])
      })
    )
  )
})

describe("a batch close", () => {
  it.effect("settles the items of one batch, once", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* ask(simulator, { ...sale, BATCH_ID: "20260315" })
        yield* ask(simulator, { ...sale, TERMINAL_NBR: "2", TRAN_NBR: "2" })
        assert.strictEqual(yield* codeOf(simulator, close("20260314", "1")), "00")
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 settled", "CCE1 open", "CCE1 open"])
        assert.strictEqual(yield* codeOf(simulator, close("20260314", "2")), "21")
        assert.strictEqual(yield* codeOf(simulator, close("20260313", "3")), "21")
      })
    )
  )

  it.effect("with two zeros settles every batch of the terminal", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* ask(simulator, { ...sale, BATCH_ID: "20260315" })
        yield* ask(simulator, { ...sale, TERMINAL_NBR: "2", TRAN_NBR: "2" })
        assert.strictEqual(yield* codeOf(simulator, close("0", "0")), "00")
        assert.deepStrictEqual(yield* states(simulator), ["CCE1 settled", "CCE1 settled", "CCE1 open"])
        assert.strictEqual(yield* codeOf(simulator, close("0", "0")), "21")
      })
    )
  )

  it.effect("without a batch is refused, and leaves alone what is voided", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { BATCH_ID: _, ...without } = close("1", "1")
        assert.strictEqual(yield* codeOf(simulator, without), "RR")
        const sold = yield* bricOf(simulator, sale)
        yield* bricOf(simulator, byBric("CCEX", sold, "2"))
        assert.strictEqual(yield* codeOf(simulator, close("20260314", "3")), "21")
        assert.deepStrictEqual(yield* money(simulator), [0, 0, 0])
      })
    )
  )
})
