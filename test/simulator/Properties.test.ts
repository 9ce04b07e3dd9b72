import { assert, describe, it } from "@effect/vitest"
import { parseXml, XmlElement } from "@rgrove/parse-xml"
import { Result, Schema } from "effect"
import { type Entry, print } from "../../src/simulator/Answer.ts"
import { passesLuhn } from "../../src/simulator/Brands.ts"
import { parseCents, printCents } from "../../src/simulator/Cents.ts"
import { Controls } from "../../src/simulator/Controls.ts"
import { Doors } from "../../src/simulator/Doors.ts"
import { parseForm } from "../../src/simulator/Request.ts"
import { entriesOf, sale, timeoutReversal } from "./support/Client.ts"

const Cents = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999_999_999_999 }))
const Printable = Schema.String.check(Schema.isPattern(/^[ -~\u00a0-\u017f]{0,30}$/))

describe("cents", () => {
  it.prop("print to two decimals and back", { cents: Cents }, ({ cents }) => {
    assert.match(printCents(cents), /^\d+\.\d{2}$/)
    assert.strictEqual(parseCents(printCents(cents)), cents)
  })

  it.prop("come from nothing but digits, a point and two digits", { text: Schema.String }, ({ text }) => {
    assert.strictEqual(parseCents(text) !== undefined, /^\d{1,10}\.\d\d$/.test(text))
  })
})

describe("the check digit", () => {
  const Account = Schema.String.check(Schema.isPattern(/^[1-9][0-9]{11,17}$/))

  it.prop("is one of ten", { account: Account }, ({ account }) => {
    const passing = [..."0123456789"].filter((digit) => passesLuhn(account + digit))
    assert.strictEqual(passing.length, 1)
  })
})

describe("the document", () => {
  it.prop("reads back as it was meant", { values: Schema.Array(Printable) }, ({ values }) => {
    const entries = values.map((value, index): Entry => [`FIELD_${index}`, value])
    const elements = (node: XmlElement | null | undefined) =>
      (node?.children ?? []).filter((child) => child instanceof XmlElement)
    const read = elements(elements(parseXml(print(entries)).root)[0])
    assert.deepStrictEqual(
      read.map((field): Entry => [field.attributes.KEY ?? "", field.text]),
      entries
    )
  })
})

describe("the form", () => {
  it.prop("reads back, empty fields excepted", { form: Schema.Record(Printable, Printable) }, ({ form }) => {
    const filled = Object.entries(form).filter(([, value]) => value !== "")
    assert.deepStrictEqual([...parseForm(new URLSearchParams(form).toString())], filled)
  })
})

describe("the books", () => {
  const Step = Schema.Union([
    Schema.Struct({
      kind: Schema.Literals(["CCE1", "CCE2"]),
      pair: Schema.Literals([1, 2, 3]),
      dollars: Schema.Literals([5, 9, 40])
    }),
    Schema.Struct({ kind: Schema.Literal("CCE7"), pair: Schema.Literals([1, 2, 3]) }),
    Schema.Struct({ kind: Schema.Literal("wait"), seconds: Schema.Literals([30, 61]) })
  ])

  interface Charge {
    readonly type: string
    readonly cents: number
    readonly at: number
    isReversed: boolean
  }

  /** What the rules say, kept as simply as possible: one list of charges a pair, newest last. */
  const expected = (model: Map<number, Array<Charge>>, step: typeof Step.Type, now: number): string | undefined => {
    if (step.kind === "wait") return undefined
    const charges = model.get(step.pair) ?? []
    model.set(step.pair, charges)
    if (step.kind === "CCE7") {
      const open = charges.findLast(({ isReversed }) => !isReversed)
      if (open === undefined || now - open.at > 120) return "25"
      open.isReversed = true
      return "00"
    }
    if (charges.some(({ type }) => type === step.kind)) return "RR"
    charges.push({ type: step.kind, cents: step.dollars * 100, at: now, isReversed: false })
    return "00"
  }

  const makeControls = () =>
    new Controls({ seed: "property", requestLog: 0, doors: new Doors(() => {}), realTime: () => 0, startAt: 0 })

  it.prop(
    "agree with the rules after any sequence of sales, authorizations and reversals",
    { steps: Schema.Array(Step).check(Schema.isMaxLength(25)) },
    ({ steps }) => {
      const controls = makeControls()
      const model = new Map<number, Array<Charge>>()
      let now = 0
      for (const step of steps) {
        if (step.kind === "wait") {
          now += step.seconds
          controls.clock.advance(step.seconds * 1000)
          continue
        }
        const pair = { ...sale, TRAN_NBR: `${step.pair}` }
        const form =
          step.kind === "CCE7" ? timeoutReversal(pair) : { ...pair, TRAN_TYPE: step.kind, AMOUNT: `${step.dollars}.00` }
        const { xml } = controls.gateway.receive(new Map(Object.entries(form)))
        const code = entriesOf(xml).find(([name]) => name === "AUTH_RESP")?.[1]
        assert.strictEqual(code, expected(model, step, now))
      }
      const charges = [...model.values()].flat()
      const sum = (list: ReadonlyArray<Charge>) => list.reduce((total, { cents }) => total + cents, 0)
      const open = charges.filter(({ isReversed }) => !isReversed)
      const [ledger] = controls.ledger({})
      assert.deepStrictEqual(
        [ledger?.captured ?? 0, ledger?.held ?? 0, ledger?.released ?? 0, ledger?.net ?? 0, ledger?.standing ?? 0],
        [
          sum(open.filter(({ type }) => type === "CCE1")),
          sum(open.filter(({ type }) => type === "CCE2")),
          sum(charges) - sum(open),
          sum(open),
          open.length
        ]
      )
      assert.strictEqual(controls.doubleCharges({}).length, open.length > 1 ? 1 : 0)
    },
    { arbitrary: { runs: 300 } }
  )

  it("refuse a TLS fault without a TLS listener", () => {
    assert.isTrue(Result.isFailure(makeControls().scenarios.add({ effect: "TLS_EXPIRED" })))
  })
})
