import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, sale } from "./support/Client.ts"
import { withSimulator } from "./support/Fresh.ts"
import { authorization, bricOf, byBric } from "./support/Lifecycle.ts"
import { listed, lookUp } from "./support/LookUp.ts"

const account = "4788250000028291"
const secrets = ["5931", "TRACKCANARY", "MACCANARY", "MICRCANARY", account]

describe("what the simulator shows", () => {
  it.effect("holds no card number, security code, MAC or BRIC", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const { ORIG_AUTH_GUID: _, ...rest } = sale
        const card = { ACCOUNT_NBR: account, EXP_DATE: "4912", CVV2: "5931", CARD_ENT_METH: "E" }
        const canaries = { TRACK_DATA: "TRACKCANARY", MAC: "MACCANARY", MICR_DATA: "MICRCANARY" }
        yield* simulator.patchProfile({ mac: "MACCANARY" })
        const { AUTH_GUID = "" } = yield* ask(simulator, { ...rest, ...card, ...canaries, USER_DATA_10: "SIM_DUP_KEY" })
        yield* ask(simulator, { ...sale, ...canaries, ORIG_AUTH_GUID: AUTH_GUID, TRAN_NBR: "2" })
        yield* ask(simulator, { ...rest, ...card, CVV2: "59310", TRAN_NBR: "3" })
        yield* simulator.scenarios.add({ match: { ACCOUNT_NBR: account, ORIG_AUTH_GUID: AUTH_GUID }, effect: "GZIP" })
        const read = (path: string) =>
          Effect.promise(() => fetch(new URL(path, simulator.controlUrl)).then((response) => response.text()))
        const paths = [
          "",
          "/ledger",
          "/transactions",
          "/requests",
          "/scenarios",
          "/profile",
          "/assert/no-double-charge"
        ]
        const shown = yield* Effect.forEach(paths, (path) => read(`/__sim${path}`))
        const everything = shown.join("\n")
        assert.include(everything, "…8291")
        assert.isTrue(AUTH_GUID.length === 19)
        for (const secret of [...secrets, AUTH_GUID]) assert.notInclude(everything, secret)
      })
    )
  )

  it.effect("holds no BRIC of what came after the charge, and none that a look-up asked for", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        const held = yield* bricOf(simulator, authorization)
        const captured = yield* bricOf(simulator, byBric("CCE4", held, "2", "40.00"))
        const refunded = yield* bricOf(simulator, byBric("CCE9", captured, "3", "5.00"))
        const voided = yield* bricOf(simulator, byBric("CCEX", refunded, "4"))
        const stored = yield* bricOf(simulator, { ...byBric("CCE8", captured, "5"), ZIP_CODE: "12345" })
        const rows = yield* listed(simulator)
        assert.include(
          rows.map(({ authbric }) => authbric),
          captured
        )
        for (const path of [`/sale/${captured}`, `/${captured}`, `/batch/${captured}`]) yield* lookUp(simulator, path)
        yield* bricOf(simulator, { ...sale, TRAN_NBR: "6" })
        yield* bricOf(simulator, { ...sale, TRAN_NBR: "7" })
        const paths = ["/ledger", "/transactions", "/requests", "/scenarios", "/assert/no-double-charge"]
        const shown = yield* Effect.forEach(paths, (path) =>
          Effect.promise(() =>
            fetch(new URL(`/__sim${path}`, simulator.controlUrl)).then((response) => response.text())
          )
        )
        const everything = shown.join("\n")
        assert.include(everything, "LOOKUP")
        assert.include(everything, "charged_twice")
        for (const bric of [held, captured, refunded, voided, stored]) assert.notInclude(everything, bric)
      })
    )
  )

  it.effect("tells cards apart by a keyed hash", () =>
    withSimulator((simulator) =>
      Effect.gen(function* () {
        for (const [index, bric] of [simulator.brics.visa, simulator.brics.amex, simulator.brics.visa].entries()) {
          yield* ask(simulator, { ...sale, ORIG_AUTH_GUID: bric, TRAN_NBR: `${index}` })
        }
        const [first, other, again] = (yield* simulator.transactions()).map(({ cardHash }) => cardHash)
        assert.strictEqual(first, again)
        assert.notStrictEqual(first, other)
        assert.match(first ?? "", /^[0-9a-f]{16}$/)
      })
    )
  )
})
