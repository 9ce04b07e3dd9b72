import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Controls } from "../../src/simulator/Controls.ts"
import { Doors } from "../../src/simulator/Doors.ts"
import { entriesOf, type Form, sale } from "./support/Client.ts"
import { byBric } from "./support/Lifecycle.ts"

const Index = Schema.Literals([0, 1, 2, 3, 4, 5])
const Cents = Schema.Literals([300, 500, 900])

const Step = Schema.Union([
  Schema.Struct({ kind: Schema.Literals(["CCE1", "CCE2"]), cents: Cents }),
  Schema.Struct({ kind: Schema.Literal("CCE4"), index: Index, cents: Cents }),
  Schema.Struct({ kind: Schema.Literal("CCE7"), index: Index, cents: Cents }),
  Schema.Struct({ kind: Schema.Literal("CCE9"), index: Index, cents: Cents }),
  Schema.Struct({ kind: Schema.Literal("CCEX"), index: Index, cents: Cents }),
  Schema.Struct({ kind: Schema.Literal("CCEZ") }),
  Schema.Struct({ kind: Schema.Literal("wait"), hours: Schema.Literals([1, 7, 16 * 24]) })
])

/** What a client with a perfect memory knows of one approved call. */
interface Item {
  readonly type: string
  readonly bric: string
  readonly cents: number
  readonly at: number
  readonly target: Item | undefined
  left: number
  refunded: number
  isCaptured: boolean
  isSettled: boolean
}

const hourMs = 3_600_000

const isBatched = ({ type }: Item): boolean => type === "CCE1" || type === "CCE4" || type === "CCE9"

const isFree = (item: Item, keep: number): boolean =>
  !item.isSettled && item.left > 0 && !item.isCaptured && item.refunded <= keep

/** AUTH_RESP by the rules of the documents, written down a second time and as simply as possible. */
const expected = (type: string, item: Item | undefined, cents: number, now: number): string => {
  if (item === undefined) return type === "CCE4" ? "S8" : type === "CCE9" ? "S5" : "25"
  const isPurchase = item.type === "CCE1" || item.type === "CCE2"
  switch (type) {
    case "CCE4":
      if (item.type !== "CCE2" || item.left === 0) return "S8"
      if (item.isCaptured) return "EV"
      if (now - item.at > 30 * 24 * hourMs) return "ED"
      return cents > item.left ? "13" : "00"
    case "CCE7":
      if (!isPurchase) return "12"
      if (!isFree(item, cents)) return "21"
      return cents > item.left ? "13" : "00"
    case "CCE9":
      if ((item.type !== "CCE1" && item.type !== "CCE4") || item.left === 0) return "S7"
      return cents > item.left - item.refunded ? "13" : "00"
    default:
      if (!isPurchase && !isBatched(item)) return "12"
      return isFree(item, 0) ? "00" : "21"
  }
}

/** What an approved call does to what it acts on. */
const apply = (type: string, item: Item, cents: number): void => {
  if (type === "CCE4") item.isCaptured = true
  if (type === "CCE7") item.left = cents
  if (type === "CCE9") item.refunded += cents
  if (type !== "CCEX") return
  if (item.type === "CCE4" && item.target !== undefined) item.target.isCaptured = false
  if (item.type === "CCE9" && item.target !== undefined) item.target.refunded -= item.left
  item.left = 0
}

/** The same life, led by the simulator and by the model. */
class Lives {
  readonly controls = new Controls({
    seed: "model",
    requestLog: 0,
    doors: new Doors(() => {}),
    realTime: () => 0,
    startAt: 0
  })
  readonly items: Array<Item> = []
  now = 0
  #tranNbr = 1

  constructor() {
    // Without a change of the clocks the model needs no calendar: 23:00 there is 06:00 UTC all year.
    this.controls.patchProfile({ settlement_time_zone: "America/Phoenix" })
  }

  take(step: typeof Step.Type): void {
    if (step.kind === "wait") return this.#wait(step.hours)
    if (step.kind === "CCEZ") return this.#close()
    if (!("index" in step)) {
      const form = { ...sale, TRAN_TYPE: step.kind, AMOUNT: `${step.cents / 100}.00` }
      const { code, bric } = this.#send(form)
      assert.strictEqual(code, "00")
      this.#add(step.kind, bric, step.cents)
      return
    }
    const item = this.items[step.index]
    const amount = step.kind === "CCEX" ? undefined : `${step.cents / 100}.00`
    const { code, bric } = this.#send(byBric(step.kind, item?.bric ?? "09LUNKNOWN000000001", "0", amount))
    assert.strictEqual(code, expected(step.kind, item, step.cents, this.now))
    if (item === undefined || code !== "00") return
    apply(step.kind, item, step.cents)
    this.#add(step.kind, bric, step.kind === "CCE4" || step.kind === "CCE9" ? step.cents : 0, item)
  }

  #send(form: Form) {
    const fields = new Map(Object.entries({ ...form, TRAN_NBR: `${this.#tranNbr++}` }))
    const answer = Object.fromEntries(entriesOf(this.controls.gateway.receive(fields).xml))
    return { code: answer.AUTH_RESP, bric: answer.AUTH_GUID ?? "" }
  }

  #add(type: string, bric: string, cents: number, target?: Item): void {
    const state = { left: cents, refunded: 0, isCaptured: false, isSettled: false }
    this.items.push({ type, bric, cents, at: this.now, target, ...state })
  }

  #settle(): number {
    const open = this.items.filter((item) => isBatched(item) && !item.isSettled && item.left > 0)
    for (const item of open) item.isSettled = true
    return open.length
  }

  #close(): void {
    const { ORIG_AUTH_GUID: _, CARD_ENT_METH: __, ...form } = byBric("CCEZ", undefined, "0")
    const { code } = this.#send(form)
    assert.strictEqual(code, this.#settle() > 0 ? "00" : "21")
  }

  #wait(hours: number): void {
    const cutOffs = () => Math.floor((this.now / hourMs - 6) / 24)
    const before = cutOffs()
    this.now += hours * hourMs
    this.controls.clock.advance(hours * hourMs)
    if (cutOffs() > before) this.#settle()
  }
}

describe("the life of a payment", () => {
  it.prop(
    "goes by the rules, and the books keep their balance, after any sequence of calls",
    { steps: Schema.Array(Step).check(Schema.isMinLength(12), Schema.isMaxLength(20)) },
    ({ steps }) => {
      const lives = new Lives()
      lives.take({ kind: "CCE1", cents: 900 })
      lives.take({ kind: "CCE2", cents: 900 })
      for (const step of steps) lives.take(step)
      const sum = (keep: (item: Item) => boolean) =>
        lives.items.filter(keep).reduce((total, { left }) => total + left, 0)
      const isSold = ({ type }: Item) => type === "CCE1" || type === "CCE4"
      const isRefund = ({ type }: Item) => type === "CCE9"
      const held = sum(({ type, isCaptured }) => type === "CCE2" && !isCaptured)
      const captured = sum(isSold)
      const refunded = sum(isRefund)
      const settled = sum((item) => isSold(item) && item.isSettled) - sum((item) => isRefund(item) && item.isSettled)
      const [ledger] = lives.controls.ledger({})
      assert.deepStrictEqual(
        [ledger?.held ?? 0, ledger?.captured ?? 0, ledger?.refunded ?? 0, ledger?.settled ?? 0, ledger?.net ?? 0],
        [held, captured, refunded, settled, held + captured - refunded]
      )
      assert.isAtMost(refunded, captured)
      assert.isAtLeast(ledger?.net ?? 0, 0)
      if (ledger !== undefined) {
        const { key: _, references, ...all } = ledger
        assert.deepStrictEqual(references, { pay_0001: all })
      }
      const kinds = lives.controls.doubleCharges({}).map(({ kind }) => kind)
      assert.deepStrictEqual(kinds, (ledger?.standing ?? 0) > 1 ? ["charged_twice"] : [])
    },
    { arbitrary: { runs: 500 } }
  )
})
