import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { MerchantIds, TerminalIds } from "../../src/domain/Ids.ts"
import {
  Merchant,
  MerchantHasTerminal,
  MerchantNotFound,
  Name,
  SettlementCutoff,
  SettlementZone,
  Terminal,
  TerminalNotFound,
  TerminalTaken
} from "../../src/domain/Merchant.ts"
import { problem } from "../../src/http/Problem.ts"

const isZone = Schema.is(SettlementZone)
const isCutoff = Schema.is(SettlementCutoff)
const isName = Schema.is(Name)

const merchant_id = MerchantIds.fromUuid("01970000-0000-7000-8000-000000000001")
const terminal_id = TerminalIds.fromUuid("01970000-0000-7000-8000-000000000002")

// A zone made of random letters is no zone.
const Zone = Schema.Literals(Intl.supportedValuesOf("timeZone"))
const AnyMerchant = Schema.Struct({
  ...Merchant.fields,
  terminals: Schema.NonEmptyArray(Schema.Struct({ ...Terminal.fields, settlement_zone: Zone }))
})

describe("Merchant", () => {
  it("takes the time zones of IANA, and no offsets", () => {
    const zones = Intl.supportedValuesOf("timeZone")
    assert.isAbove(zones.length, 300)
    assert.deepStrictEqual(
      zones.filter((zone) => !isZone(zone)),
      []
    )
    for (const zone of ["UTC", "US/Eastern"]) assert.isTrue(isZone(zone), zone)
    for (const zone of ["", "+05:00", "-0300", "Mars/Base", " UTC", "America/New_York ", "UTC+3", "IST", "AET"]) {
      assert.isFalse(isZone(zone), zone)
    }
  })

  it("takes each minute of the day as a cut-off, and nothing else", () => {
    const two = (value: number) => String(value).padStart(2, "0")
    for (let minute = 0; minute < 1440; minute++) {
      assert.isTrue(isCutoff(`${two(Math.floor(minute / 60))}:${two(minute % 60)}`))
    }
    for (const time of ["24:00", "23:60", "7:00", "07:0", "07:00:00", "0700", "07:00\n", ""]) {
      assert.isFalse(isCutoff(time), time)
    }
  })

  it.prop("takes no name that Postgres or a log cannot hold as it is", { name: Schema.String }, ({ name }) => {
    const isGood = name === name.trim() && name.length > 0 && name.length <= 200 && !/\p{Cc}/u.test(name)
    assert.strictEqual(isName(name), isGood)
  })

  it("takes a name of 200 characters and none of 201, and none with a control character", () => {
    assert.deepStrictEqual(["x".repeat(200), "x".repeat(201), "a\u0000b", "a\u001bb", "a\u0085b"].map(isName), [
      true,
      false,
      false,
      false,
      false
    ])
  })

  it.prop("survives the wire", { merchant: AnyMerchant }, ({ merchant }) => {
    const wire = JSON.parse(JSON.stringify(Schema.encodeSync(Merchant)(merchant)))
    assert.deepStrictEqual(Schema.decodeUnknownSync(Merchant)(wire), merchant)
  })

  it.effect("its errors are problems with their status", () =>
    Effect.gen(function* () {
      const wires = [
        yield* Schema.encodeEffect(problem(MerchantNotFound))(new MerchantNotFound({ merchant_id })),
        yield* Schema.encodeEffect(problem(TerminalNotFound))(new TerminalNotFound({ merchant_id, terminal_id })),
        yield* Schema.encodeEffect(problem(TerminalTaken))(new TerminalTaken()),
        yield* Schema.encodeEffect(problem(MerchantHasTerminal))(new MerchantHasTerminal())
      ]
      const Wire = Schema.Struct({ code: Schema.String, status: Schema.Int, detail: Schema.NonEmptyString })
      const seen = wires.map((wire) => Schema.decodeUnknownSync(Wire)(wire)).map(({ code, status }) => [code, status])
      assert.deepStrictEqual(seen, [
        ["merchant_not_found", 404],
        ["terminal_not_found", 404],
        ["terminal_taken", 409],
        ["merchant_has_terminal", 409]
      ])
    })
  )
})
