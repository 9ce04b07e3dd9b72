import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Simulator } from "../../src/simulator/Simulator.ts"
import { ask, key, keyText, post, sale, timeoutReversal } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"

type Service = Simulator["Service"]

const command = (simulator: Service, method: string, path: string, body?: unknown) =>
  Effect.promise(async () => {
    const text = typeof body === "string" ? body : JSON.stringify(body)
    const init = body === undefined ? { method } : { method, body: text }
    const response = await fetch(new URL(`/__sim${path}`, simulator.controlUrl), init)
    const answer = await response.text()
    return { status: response.status, body: answer === "" ? null : JSON.parse(answer) }
  })

const other = { ...key, TERMINAL_NBR: "2" }

describe("scenarios", () => {
  it.effect("are added, listed with what is left and how often they fired, and deleted", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const input = { match: { TRAN_TYPE: "CCE1", AMOUNT: "12.00" }, effect: "CODE_51", times: 2, key: keyText }
        const added = yield* command(simulator, "POST", "/scenarios", input)
        const { id } = added.body
        assert.deepStrictEqual(added, {
          status: 201,
          body: { id, match: input.match, effect: "CODE_51", key: keyText, remaining: 2, fired: 0 }
        })
        assert.strictEqual((yield* ask(simulator, { ...sale, ...other })).AUTH_RESP, "00")
        assert.strictEqual((yield* ask(simulator, { ...sale, AMOUNT: "13.00", TRAN_NBR: "2" })).AUTH_RESP, "00")
        assert.strictEqual((yield* ask(simulator, { ...sale, TRAN_NBR: "3" })).AUTH_RESP, "51")
        const listed = yield* command(simulator, "GET", "/scenarios")
        assert.deepStrictEqual(listed.body.scenarios, [{ ...added.body, remaining: 1, fired: 1 }])
        assert.strictEqual((yield* command(simulator, "DELETE", `/scenarios/${id}`)).status, 204)
        assert.strictEqual((yield* command(simulator, "DELETE", `/scenarios/${id}`)).status, 404)
        assert.strictEqual((yield* ask(simulator, { ...sale, TRAN_NBR: "4" })).AUTH_RESP, "00")
      })
    )
  )

  it.effect("are used in the order in which they came, each so often", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ effect: "CODE_41" })
        yield* simulator.scenarios.add({ effect: "CODE_43", times: "always" })
        const codes = yield* Effect.forEach(["1", "2", "3"], (TRAN_NBR) =>
          Effect.map(ask(simulator, { ...sale, TRAN_NBR }), ({ AUTH_RESP }) => AUTH_RESP)
        )
        assert.deepStrictEqual(codes, ["41", "43", "43"])
        assert.strictEqual((yield* simulator.scenarios.list())[1]?.remaining, "always")
        yield* simulator.scenarios.clear()
        assert.deepStrictEqual(yield* simulator.scenarios.list(), [])
      })
    )
  )

  it.effect("match the absence of a field: a timeout reversal and no other", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ match: { TRAN_TYPE: "CCE7", ORIG_AUTH_GUID: null }, effect: "CODE_96" })
        const { AUTH_GUID = "" } = yield* ask(simulator, sale)
        const byBric = {
          ...timeoutReversal(sale),
          TRAN_NBR: "2",
          ORIG_AUTH_GUID: AUTH_GUID,
          CARD_ENT_METH: "Z",
          AMOUNT: "1.00"
        }
        assert.strictEqual((yield* ask(simulator, byBric)).AUTH_RESP, "00")
        assert.strictEqual((yield* ask(simulator, timeoutReversal(sale))).AUTH_RESP, "96")
      })
    )
  )

  it.effect("of one key are deleted alone", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.scenarios.add({ effect: "CODE_41", key: keyText })
        yield* simulator.scenarios.add({ effect: "CODE_43" })
        assert.strictEqual((yield* command(simulator, "DELETE", `/scenarios?key=${keyText}`)).status, 204)
        assert.deepStrictEqual(
          (yield* simulator.scenarios.list()).map(({ effect }) => effect),
          ["CODE_43"]
        )
      })
    )
  )
})

describe("a mistake", () => {
  const mistakes = [
    { method: "POST", path: "/scenarios", body: { effect: "TIMOUT" }, says: "unknown effect: TIMOUT" },
    { method: "POST", path: "/scenarios", body: { effect: "CODE_ZZ" }, says: "unknown effect: CODE_ZZ" },
    { method: "POST", path: "/scenarios", body: { effect: "MISSING_NOTHING" }, says: "unknown effect" },
    { method: "POST", path: "/scenarios", body: { effect: "RR_FIELD_NOTHING" }, says: "unknown effect" },
    { method: "POST", path: "/scenarios", body: { effect: "SLOW_" }, says: "unknown effect" },
    { method: "POST", path: "/scenarios", body: { effect: "CCE7_NOTHING" }, says: "unknown effect" },
    { method: "POST", path: "/scenarios", body: { effect: "TLS_BAD_CERT" }, says: "needs the TLS listener" },
    {
      method: "POST",
      path: "/scenarios",
      body: { effect: "TLS_BAD_CERT", match: { AMOUNT: "1.00" } },
      says: "leave out match"
    },
    { method: "POST", path: "/scenarios", body: { effect: "GZIP", match: { AMMOUNT: "1" } }, says: "AMMOUNT" },
    { method: "POST", path: "/scenarios", body: { effect: "GZIP", match: { AMOUNT: 1 } }, says: "AMOUNT" },
    { method: "POST", path: "/scenarios", body: { effect: "GZIP", key: "7000" }, says: "key must be" },
    { method: "POST", path: "/scenarios", body: { effect: "GZIP", times: 0 }, says: "times" },
    { method: "POST", path: "/scenarios", body: { effect: "GZIP", time: 1 }, says: "time" },
    { method: "POST", path: "/scenarios", body: { match: {} }, says: "effect" },
    { method: "POST", path: "/scenarios", body: "{", says: "JSON" },
    { method: "GET", path: "/scenarios?limit=1", says: "unknown query parameter: limit" },
    { method: "GET", path: "/ledger?key=7000", says: "key must be" },
    { method: "GET", path: "/requests?AMMOUNT=1", says: "unknown query parameter: AMMOUNT" },
    { method: "POST", path: "/clock", body: { advance: "2 days" }, says: "not a duration: 2 days" },
    { method: "POST", path: "/clock", body: { advance: -1 }, says: "not a duration: -1" },
    { method: "POST", path: "/clock", body: { set: "noon" }, says: "not an instant: noon" },
    { method: "POST", path: "/clock", body: { forward: "1h" }, says: "forward" },
    { method: "PUT", path: "/profile", body: { dup_mode: "sometimes" }, says: "dup_mode" },
    { method: "PUT", path: "/profile", body: { dupmode: "off" }, says: "dupmode" },
    { method: "GET", path: "/assert/all-definite?older_than=soon", says: "not a duration: soon" }
  ]

  it.effect.each(mistakes)("$method $path $body is 400 and named", ({ method, path, body, says }) =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const answer = yield* command(simulator, method, path, body)
        assert.strictEqual(answer.status, 400)
        assert.include(answer.body.error, says)
        assert.deepStrictEqual(yield* simulator.scenarios.list(), [])
        assert.strictEqual((yield* ask(simulator, sale)).AUTH_RESP, "00")
      })
    )
  )

  it.effect("in the route is 404 or 405, with what there is", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const unknown = yield* command(simulator, "GET", "/leger")
        assert.strictEqual(unknown.status, 404)
        assert.include(unknown.body.error, "/__sim/leger")
        assert.include(unknown.body.routes, "GET /__sim/ledger")
        const wrong = yield* command(simulator, "PATCH", "/profile")
        assert.deepStrictEqual([wrong.status, wrong.body.allowed], [405, ["GET", "PUT"]])
      })
    )
  )

  it.effect("in a scenario added in process is a typed error", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(simulator.scenarios.add({ effect: "NOTHING" }))
        assert.strictEqual(error.message, "unknown effect: NOTHING")
      })
    )
  )
})

describe("the books", () => {
  it.effect("are given by key and by reference", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* ask(simulator, { ...sale, TRAN_TYPE: "CCE2", TRAN_NBR: "2", AMOUNT: "7.00", USER_DATA_1: "pay_2" })
        yield* ask(simulator, { ...sale, TRAN_NBR: "3", AMOUNT: "1.05", USER_DATA_1: "pay_2" })
        yield* ask(simulator, { ...sale, ...other, TRAN_NBR: "4", AMOUNT: "9.00" })
        const money = { held: 0, captured: 0, refunded: 0, settled: 0, released: 0, net: 0 }
        const one = { ...money, approved: 0, declined: 0, reversals: 0, voids: 0, standing: 0 }
        const first = { ...one, captured: 1200, net: 1200, approved: 1, standing: 1 }
        const second = { ...one, held: 700, net: 700, approved: 1, declined: 1, standing: 1 }
        const { body } = yield* command(simulator, "GET", `/ledger?key=${keyText}`)
        assert.deepStrictEqual(body.ledger, [
          {
            key: keyText,
            ...{ ...one, held: 700, captured: 1200, net: 1900, approved: 2, declined: 1, standing: 2 },
            references: { pay_0001: first, pay_2: second }
          }
        ])
        const all = yield* command(simulator, "GET", "/ledger?ref=pay_0001")
        assert.deepStrictEqual(
          all.body.ledger.map((line: { net: number }) => line.net),
          [1200, 900]
        )
        const { body: listed } = yield* command(simulator, "GET", "/transactions?ref=pay_2")
        assert.deepStrictEqual(
          listed.transactions.map((transaction: { code: string }) => transaction.code),
          ["00", "05"]
        )
      })
    )
  )

  it.effect("find a double charge, and forgive it once one is reversed", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        const again = { ...sale, TRAN_NBR: "1002" }
        const asked = (query = "") => command(simulator, "GET", `/assert/no-double-charge${query}`)
        assert.deepStrictEqual(yield* asked(), { status: 200, body: { ok: true, violations: [] } })
        yield* ask(simulator, again)
        yield* ask(simulator, { ...sale, ...other, TRAN_NBR: "1003" })
        const found = yield* asked()
        assert.strictEqual(found.status, 409)
        assert.strictEqual(found.body.violations.length, 1)
        assert.strictEqual(found.body.violations[0].reference, "pay_0001")
        assert.strictEqual((yield* asked("?ref=pay_0001")).status, 409)
        assert.strictEqual((yield* asked("?ref=pay_0002")).status, 200)
        yield* ask(simulator, timeoutReversal(again))
        assert.strictEqual((yield* asked()).status, 200)
      })
    )
  )

  it.effect("find a charge that nobody was told of, of a given age", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const asked = (age: string) => command(simulator, "GET", `/assert/all-definite?older_than=${age}`)
        yield* ask(simulator, { ...sale, TRAN_NBR: "1" })
        yield* post(simulator, { ...sale, USER_DATA_10: "SIM_RESET_AFTER" })
        assert.strictEqual((yield* asked("5m")).status, 200)
        yield* command(simulator, "POST", "/clock", { advance: "5m" })
        const found = yield* asked("5m")
        assert.strictEqual(found.status, 409)
        assert.deepStrictEqual(
          found.body.violations.map(({ tranNbr, reason }: Record<string, string>) => [tranNbr, reason]),
          [["1001", "untold"]]
        )
        yield* simulator.patchProfile({ late_cce7: "00" })
        yield* ask(simulator, timeoutReversal(sale))
        assert.strictEqual((yield* asked("5m")).status, 200)
      })
    )
  )
})

describe("the rest", () => {
  it.effect("the clock is read, advanced, set, frozen and thawed", () =>
    withSimulator(
      (simulator) =>
        Effect.gen(function* () {
          const clock = (body?: unknown) =>
            Effect.map(command(simulator, body === undefined ? "GET" : "POST", "/clock", body), (answer) => answer.body)
          assert.deepStrictEqual(yield* clock(), { now: "1970-01-01T00:00:00.000Z", frozen: false })
          assert.deepStrictEqual(yield* clock({ advance: "48h" }), { now: "1970-01-03T00:00:00.000Z", frozen: false })
          assert.deepStrictEqual(yield* clock({ advance: 1500 }), { now: "1970-01-03T00:00:01.500Z", frozen: false })
          const at = "2026-03-14T18:30:05.000Z"
          assert.deepStrictEqual(yield* clock({ set: at }), { now: at, frozen: true })
          assert.deepStrictEqual(yield* clock({ frozen: false }), { now: at, frozen: false })
          assert.deepStrictEqual(yield* clock({ frozen: true }), { now: at, frozen: true })
        }),
      { startAt: undefined }
    )
  )

  it.effect("requests are listed by field and key, with their timing", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* ask(simulator, sale)
        yield* ask(simulator, timeoutReversal(sale))
        yield* ask(simulator, { ...sale, ...other, TRAN_NBR: "2", USER_DATA_10: "SIM_CODE_51" })
        const { body } = yield* command(simulator, "GET", "/requests?TRAN_TYPE=CCE1")
        const shown = body.requests.map(({ key, answer, fault, durationMs }: Record<string, unknown>) => [
          key,
          answer,
          fault,
          typeof durationMs
        ])
        assert.deepStrictEqual(shown, [
          [keyText, "00", null, "number"],
          ["7000-700010-1-2", "51", "CODE_51", "number"]
        ])
        const mine = yield* command(simulator, "GET", `/requests?key=${keyText}`)
        assert.strictEqual(mine.body.requests.length, 2)
      })
    )
  )

  it.effect("the log keeps the latest, or nothing", () =>
    Effect.gen(function* () {
      const logged = (requestLog: number) =>
        withSimulator(
          (simulator) =>
            Effect.gen(function* () {
              yield* Effect.forEach(["1", "2", "3", "4", "5"], (TRAN_NBR) => ask(simulator, { ...sale, TRAN_NBR }))
              return (yield* simulator.requests()).map(({ fields }) => fields.TRAN_NBR)
            }),
          { requestLog }
        )
      assert.deepStrictEqual(yield* logged(3), ["3", "4", "5"])
      assert.deepStrictEqual(yield* logged(0), [])
    })
  )

  it.effect("the profile is shown and changed, by key", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const changed = yield* command(simulator, "PUT", `/profile?key=${keyText}`, { dup_mode: "off", mac: "S3CRET" })
        assert.deepStrictEqual([changed.status, changed.body.dup_mode, changed.body.mac], [200, "off", "set"])
        assert.strictEqual((yield* command(simulator, "GET", "/profile")).body.dup_mode, "per_type")
      })
    )
  )

  it.effect("a reset forgets one key, or everything", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        yield* simulator.patchProfile({ verbose_allowed: false }, keyText)
        yield* simulator.scenarios.add({ effect: "CODE_51", key: keyText })
        yield* simulator.scenarios.add({ effect: "CODE_41", match: { AMOUNT: "77.00" } })
        yield* ask(simulator, { ...sale, ...other })
        yield* ask(simulator, { ...sale, TRAN_NBR: "1002", AMOUNT: "77.00" })
        assert.strictEqual((yield* command(simulator, "POST", `/reset?key=${keyText}`)).status, 204)
        assert.strictEqual((yield* simulator.profile(keyText)).verbose_allowed, true)
        assert.deepStrictEqual(
          (yield* simulator.transactions()).map((transaction) => transaction.key),
          ["7000-700010-1-2"]
        )
        assert.deepStrictEqual(
          (yield* simulator.scenarios.list()).map(({ effect }) => effect),
          ["CODE_41"]
        )
        assert.strictEqual((yield* simulator.requests()).length, 1)
        const { TERMINAL_NBR: _, ...reversal } = timeoutReversal(sale)
        assert.strictEqual((yield* ask(simulator, { ...reversal, TERMINAL_NBR: "2" })).AUTH_RESP, "00")
        assert.strictEqual((yield* command(simulator, "POST", "/reset")).status, 204)
        assert.deepStrictEqual(yield* simulator.ledger(), [])
        assert.deepStrictEqual(yield* simulator.scenarios.list(), [])
        assert.deepStrictEqual(yield* simulator.requests(), [])
      })
    )
  )

  it.effect("the root names the published BRICs", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { body } = yield* command(simulator, "GET", "")
        assert.deepStrictEqual(body.brics, simulator.brics)
      })
    )
  )
})
