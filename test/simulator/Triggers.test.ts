import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, connect, key, post, until } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

// Written down a second time, from EPX's trigger lists as printed: dollars → code.
const visa = `1.00→00 1.01→01 1.02→02 1.03→03 1.04→04 1.05→05 1.06→06 1.07→07 1.09→12 1.10→13 1.11→14 1.12→15 1.13→19
1.14→21 1.15→28 1.18→41 1.19→43 1.20→51 1.21→52 1.22→53 1.23→54 1.24→55 1.26→57 1.27→58 1.29→61 1.30→62 1.31→63
1.32→65 1.33→75 1.34→76 1.35→77 1.38→80 1.39→81 1.40→82 1.41→83 1.42→85 1.45→91 1.46→92 1.47→93 1.48→94 1.49→96
1.51→EB 1.53→ER 1.54→N3 1.55→N4 1.56→N7 1.57→TO 1.59→10 1.60→11 1.61→6P 1.62→B1 1.63→E2 1.64→E3 1.65→E9 1.66→EQ
1.67→ES 1.68→ET 1.69→EU 1.70→N0 1.71→P2 1.72→P5 1.73→P6 1.74→Q1 1.75→R0 1.76→R1 1.77→R3 1.78→S4 1.79→Z1 1.80→Z3`

const mastercard = `1.00→00 1.01→01 1.02→02 1.03→03 1.04→04 1.05→05 1.06→06 1.07→07 1.08→08 1.09→12 1.10→13 1.11→14
1.12→15 1.13→19 1.14→21 1.15→28 1.17→17 1.18→41 1.19→43 1.20→51 1.21→52 1.22→53 1.23→54 1.24→55 1.26→57 1.27→58
1.29→61 1.30→62 1.31→63 1.32→65 1.33→75 1.34→76 1.35→77 1.38→80 1.39→81 1.40→82 1.41→83 1.42→85 1.45→91 1.46→92
1.47→93 1.48→94 1.49→96 1.51→EB 1.53→ER 1.54→N3 1.55→N4 1.56→N7 1.57→TO 1.59→10 1.78→39 1.79→70 1.80→78 1.81→84
1.82→86 1.83→87 1.84→88 1.85→89 1.86→E2 1.87→E3 1.88→E9 1.89→EA 1.90→EC 1.91→EQ 1.92→ES 1.93→ET 1.94→S4`

const discover = `1.00→00 1.01→01 1.02→03 1.03→04 1.04→05 1.05→07 1.06→08 1.09→12 1.10→13 1.11→14 1.12→15 1.13→19
1.14→30 1.15→31 1.18→35 1.19→36 1.20→37 1.21→38 1.22→39 1.23→40 1.24→41 1.26→51 1.27→53 1.29→55 1.30→56 1.31→57
1.32→58 1.33→59 1.34→60 1.35→61 1.38→64 1.39→65 1.40→66 1.41→67 1.42→85 1.45→77 1.46→78 1.47→87 1.48→91 1.49→92
1.51→94 1.59→10`

const amex = `1.00→00 1.01→01 1.02→00 1.03→00 1.04→05 1.05→54 1.06→05 1.07→05 1.09→01 1.10→03 1.11→13 1.12→78 1.13→57
1.14→N7 1.15→54 1.18→05 1.19→04 1.59→10`

// 1.60 … 1.65 are SA … SF with network code 79, and so on.
const advice = ["79", "82", "83"].flatMap((network, group) =>
  [..."ABCDEF"].map((letter, index) => ({ cents: 160 + group * 6 + index, code: `S${letter}`, network }))
)

const rowsOf = (table: string) =>
  table.split(/\s+/).map((row) => {
    const [dollars = "", code = ""] = row.split("→")
    return { cents: Math.round(Number(dollars) * 100), code, network: code }
  })

const brands = [
  { brand: "Visa", bric: "09LTESTVISA00000001", type: "V", rows: rowsOf(visa), count: 69 },
  { brand: "Mastercard", bric: "09LTESTMAST00000001", type: "M", rows: [...rowsOf(mastercard), ...advice], count: 85 },
  { brand: "Discover", bric: "09LTESTDISC00000001", type: "R", rows: rowsOf(discover), count: 42 },
  { brand: "Amex", bric: "09LTESTAMEX00000001", type: "S", rows: rowsOf(amex), count: 18 }
]

const dollars = (cents: number) => (cents / 100).toFixed(2)

const purchase = (bric: string, amount: string, tranNbr: number, type = "CCE1") => ({
  ...key,
  TRAN_TYPE: type,
  AMOUNT: amount,
  BATCH_ID: "20260314",
  TRAN_NBR: `${tranNbr}`,
  ORIG_AUTH_GUID: bric,
  CARD_ENT_METH: "Z"
})

const isCharge = (code: string) => code === "00" || code === "10" || code === "11"

describe("amount triggers", () => {
  it.effect.each(brands)("$brand obeys each row of its list and no other amount", ({ bric, type, rows, count }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        assert.strictEqual(rows.length, count)
        yield* simulator.patchProfile({ partial_approvals: true, timeout_render: "TO" })
        const byCents = new Map(rows.map((row) => [row.cents, row]))
        for (let cents = 100; cents < 200; cents++) {
          // Only the last three digits count.
          const amount = dollars(cents + 36_000)
          const answer = yield* ask(simulator, purchase(bric, amount, cents))
          const row = byCents.get(cents) ?? { code: "00", network: "00" }
          assert.deepStrictEqual(
            [cents, answer.AUTH_RESP, answer.NETWORK_RESPONSE, answer.AUTH_CARD_TYPE],
            [cents, row.code, row.network, type]
          )
        }
        const transactions = yield* simulator.transactions()
        assert.strictEqual(transactions.length, 100)
        for (const { code, amount } of transactions) assert.strictEqual(amount > 0, isCharge(code), code)
      })
    )
  )

  it.effect("apply to authorizations", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const answer = yield* ask(simulator, purchase(simulator.brics.visa, "21.20", 1, "CCE2"))
        assert.strictEqual(answer.AUTH_RESP, "51")
        assert.strictEqual(answer.AUTH_AMOUNT, "0.00")
      })
    )
  )

  it.effect("do not apply by BRIC when the profile says so", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ triggers_on_bric: false })
        const answer = yield* ask(simulator, purchase(simulator.brics.visa, "1.20", 1))
        assert.strictEqual(answer.AUTH_RESP, "00")
      })
    )
  )

  it.effect("apply to no card but the four", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { ORIG_AUTH_GUID: _, ...form } = purchase("", "1.20", 1)
        const card = { ACCOUNT_NBR: "4111111111111111", EXP_DATE: "4912", CARD_ENT_METH: "E" }
        const answer = yield* ask(simulator, { ...form, ...card })
        assert.strictEqual(answer.AUTH_RESP, "00")
      })
    )
  )

  it.effect("1.59 is a decline where the profile has no partial approvals", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const answer = yield* ask(simulator, purchase(simulator.brics.visa, "1.59", 1))
        assert.strictEqual(answer.AUTH_RESP, "05")
        assert.deepStrictEqual(
          (yield* simulator.transactions()).map(({ amount }) => amount),
          [0]
        )
      })
    )
  )

  it.effect("1.57 is no answer, or HTTP 504, as the profile says", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ timeout_render: "504" })
        const form = purchase(simulator.brics.visa, "1.57", 1)
        assert.strictEqual((yield* post(simulator, form)).status, 504)
        yield* simulator.patchProfile({ timeout_render: "no_answer" })
        const silent = yield* connect(simulator)
        yield* silent.send({ ...form, TRAN_NBR: "2" })
        yield* until(Effect.map(simulator.requests(), ({ length }) => length === 2))
        yield* ask(simulator, purchase(simulator.brics.visa, "9.00", 3))
        assert.strictEqual(silent.received().length, 0)
        assert.isFalse(silent.isClosed())
        assert.strictEqual((yield* simulator.ledger())[0]?.net, 900)
      }).pipe(Effect.scoped)
    )
  )
})
