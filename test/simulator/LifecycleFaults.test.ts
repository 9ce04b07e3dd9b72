import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Simulator } from "../../src/simulator/Simulator.ts"
import { connect, type Form, fieldsOf, post, sale, until } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric, codeOf, money, states } from "./support/Lifecycle.ts"

type Service = Simulator["Service"]

/** Each type after the sale or authorization: how it is asked for, and the states before and after. */
const kinds = [
  { type: "CCE0", first: sale, amount: "0.00", before: ["CCE1 open"], after: ["CCE1 open", "CCE0 done"] },
  { type: "CCE4", first: authorization, amount: "40.00", before: ["CCE2 open"], after: ["CCE2 captured", "CCE4 open"] },
  { type: "CCE7", first: authorization, amount: "30.00", before: ["CCE2 open"], after: ["CCE2 open", "CCE7 done"] },
  { type: "CCE8", first: sale, before: ["CCE1 open"], after: ["CCE1 open", "CCE8 done"] },
  { type: "CCE9", first: sale, amount: "5.00", before: ["CCE1 open"], after: ["CCE1 open", "CCE9 open"] },
  { type: "CCEX", first: sale, before: ["CCE1 open"], after: ["CCE1 voided", "CCEX done"] },
  { type: "CCEZ", first: sale, before: ["CCE1 open"], after: ["CCE1 settled"] }
]

type Kind = (typeof kinds)[number]

const prepare = (simulator: Service, { type, first, amount }: Kind) =>
  Effect.map(bricOf(simulator, { ...first, ZIP_CODE: "12345" }), (bric): Form => {
    const form = byBric(type, bric, "2", amount)
    const { ORIG_AUTH_GUID: _, CARD_ENT_METH: __, ...close } = form
    return type === "CCEZ" ? close : form
  })

const toldOf = (simulator: Service, { type }: Kind) =>
  Effect.map(simulator.transactions(), (all) => all.find((transaction) => transaction.type === type)?.told)

const ending = [
  { effect: "RESET_BEFORE", isDone: false },
  { effect: "RESET_AFTER", isDone: true, told: "nothing" },
  { effect: "HTTP_503_BEFORE", isDone: false },
  { effect: "HTTP_500", isDone: true, told: "unreadable" },
  { effect: "HTML_502_AFTER", isDone: true, told: "unreadable" },
  { effect: "EMPTY_200", isDone: true, told: "unreadable" },
  { effect: "TRUNCATED", isDone: true, told: "unreadable" },
  { effect: "REDIRECT_301", isDone: false },
  { effect: "SWAPPED", isDone: true, told: "unreadable" },
  { effect: "DUP_KEY", isDone: true, told: "unreadable" },
  { effect: "MISSING_AUTH_RESP", isDone: true, told: "unreadable" },
  { effect: "XXE", isDone: true, told: "unreadable" },
  { effect: "SHUFFLE", isDone: true, told: "answer" },
  { effect: "GZIP", isDone: true, told: "answer" }
]

const endingCases = kinds.flatMap((kind) => ending.map((fault) => ({ ...fault, kind, type: kind.type })))

describe("a fault of the answer or the connection", () => {
  it.effect.each(endingCases)("$type $effect: done $isDone, told $told", ({ kind, effect, isDone, told }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const form = yield* prepare(simulator, kind)
        yield* simulator.scenarios.add({ match: { TRAN_TYPE: kind.type, TRAN_NBR: "2" }, effect })
        yield* post(simulator, form)
        assert.deepStrictEqual(yield* states(simulator), isDone ? kind.after : kind.before)
        if (kind.type !== "CCEZ") assert.strictEqual(yield* toldOf(simulator, kind), told)
      })
    )
  )

  const silent = kinds.flatMap((kind) => [
    { kind, type: kind.type, effect: "TIMEOUT_BEFORE", isDone: false },
    { kind, type: kind.type, effect: "TIMEOUT_AFTER", isDone: true },
    { kind, type: kind.type, effect: "HEADERS_ONLY", isDone: true }
  ])

  it.effect.each(silent)("$type $effect: silence, done $isDone", ({ kind, effect, isDone }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const connection = yield* connect(simulator)
        yield* connection.send({ ...(yield* prepare(simulator, kind)), USER_DATA_10: `SIM_${effect}` })
        yield* until(Effect.map(simulator.requests(), ({ length }) => length === 2))
        assert.deepStrictEqual(yield* states(simulator), isDone ? kind.after : kind.before)
      }).pipe(Effect.scoped)
    )
  )

  it.effect.each(kinds)("$type LATE_COMMIT_30: done half a minute later", (kind) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const connection = yield* connect(simulator)
        yield* connection.send({ ...(yield* prepare(simulator, kind)), USER_DATA_10: "SIM_LATE_COMMIT_30" })
        yield* until(Effect.map(simulator.requests(), ({ length }) => length === 2))
        yield* simulator.clock.advance("29 seconds")
        assert.deepStrictEqual(yield* states(simulator), kind.before)
        yield* simulator.clock.advance("1 second")
        assert.deepStrictEqual(yield* states(simulator), kind.after)
      }).pipe(Effect.scoped)
    )
  )

  it.effect("LATE_COMMIT finds what has happened in between", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const connection = yield* connect(simulator)
        yield* connection.send({ ...byBric("CCE4", held, "2", "50.00"), USER_DATA_10: "SIM_LATE_COMMIT_30" })
        yield* until(Effect.map(simulator.requests(), ({ length }) => length === 2))
        yield* bricOf(simulator, byBric("CCE7", held, "3"))
        yield* simulator.clock.advance("1 minute")
        assert.deepStrictEqual(yield* money(simulator), [0, 0, 0])
      }).pipe(Effect.scoped)
    )
  )
})

describe("a fault of the decision", () => {
  const declined = (kind: Kind) => (kind.type === "CCEZ" ? kind.before : [...kind.before, `${kind.type} declined`])

  const decisions = [
    { effect: "CODE_96", code: "96", isDone: false },
    { effect: "CODE_96_CHARGED", code: "96", isDone: true },
    { effect: "UNKNOWN_CODE", code: "QQ", isDone: false },
    { effect: "SC_79", code: "SC", isDone: false },
    { effect: "FOLD_05", code: "05", isDone: false },
    { effect: "AUTHCODE_ON_DECLINE", code: "05", isDone: false },
    { effect: "CODE_00", code: "00", isDone: true }
  ]

  const cases = kinds.flatMap((kind) => decisions.map((fault) => ({ ...fault, kind, type: kind.type })))

  it.effect.each(cases)("$type $effect: answered $code, done $isDone", ({ kind, effect, code, isDone }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const form = yield* prepare(simulator, kind)
        const answer = fieldsOf(yield* post(simulator, { ...form, USER_DATA_10: `SIM_${effect}` }))
        assert.strictEqual(answer.AUTH_RESP, code)
        if (effect === "AUTHCODE_ON_DECLINE" && kind.type !== "CCEZ") assert.match(answer.AUTH_CODE ?? "", /^\d{6}$/)
        assert.deepStrictEqual(yield* states(simulator), isDone ? kind.after : declined(kind))
      })
    )
  )

  it.effect.each([
    { partial_approvals: true, code: "10", captured: 2001 },
    { partial_approvals: false, code: "05", captured: 0 }
  ])("PARTIAL of a capture: $code", ({ partial_approvals, code, captured }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ partial_approvals })
        const held = yield* bricOf(simulator, authorization)
        const form = { ...byBric("CCE4", held, "2", "40.01"), USER_DATA_10: "SIM_PARTIAL" }
        assert.strictEqual(yield* codeOf(simulator, form), code)
        assert.deepStrictEqual(yield* money(simulator), [5000 - (captured > 0 ? 5000 : 0), captured, 0])
      })
    )
  )

  it.effect("does not do what the state forbids, whatever the client is told", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        yield* bricOf(simulator, byBric("CCE4", held, "2", "50.00"))
        const again = { ...byBric("CCE4", held, "3", "50.00"), USER_DATA_10: "SIM_CODE_00" }
        assert.strictEqual(yield* codeOf(simulator, again), "00")
        assert.deepStrictEqual(yield* money(simulator), [0, 5000, 0])
      })
    )
  )
})

describe("a pair used twice", () => {
  it.effect.each(["CCE4", "CCE8", "CCE9", "CCEX"])("is refused for %s, unless the first was declined", (type) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const kind = kinds.find((each) => each.type === type) ?? assert.fail(type)
        const form = yield* prepare(simulator, kind)
        assert.strictEqual(yield* codeOf(simulator, { ...form, USER_DATA_10: "SIM_CODE_96" }), "96")
        assert.strictEqual(yield* codeOf(simulator, form), "00")
        assert.strictEqual(yield* codeOf(simulator, form), "RR")
        yield* simulator.patchProfile({ dup_mode: "94" })
        assert.strictEqual(yield* codeOf(simulator, form), "94")
      })
    )
  )
})
