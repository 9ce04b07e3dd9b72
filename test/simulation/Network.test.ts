import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Scheduler } from "effect"
import { Dialer } from "../../src/epx/Connections.ts"
import type { Ending } from "../../src/epx/Exchange.ts"
import { makeFence } from "../../src/epx/Fence.ts"
import { Wire } from "../../src/epx/Wire.ts"
import { testBrics } from "../../src/simulator/Cards.ts"
import { Simulator } from "../../src/simulator/Simulator.ts"
import { effects } from "./Faults.ts"
import { Network } from "./Network.ts"
import { Process } from "./Process.ts"
import { World } from "./World.ts"

const limit_ms = 250
const seed = "the same"

const body = (effect: string | undefined) =>
  new URLSearchParams({
    CUST_NBR: "7000",
    MERCH_NBR: "700001",
    DBA_NBR: "1",
    TERMINAL_NBR: "1",
    TRAN_TYPE: "CCE1",
    AMOUNT: "19.50",
    BATCH_ID: "20260302",
    TRAN_NBR: "1",
    ORIG_AUTH_GUID: testBrics.visa,
    CARD_ENT_METH: "Z",
    INDUSTRY_TYPE: "E",
    ...(effect === undefined ? {} : { USER_DATA_10: `SIM_${effect}` })
  }).toString()

const post = (effect: string | undefined) =>
  Effect.gen(function* () {
    const wire = yield* Wire
    const fence = yield* makeFence((yield* Clock.currentTimeMillis) + 5_000)
    return yield* wire.post({ environment: "test", lane: "charges", body: body(effect), fence, limit_ms })
  })

const wireAt = (url: URL) => Wire.layer({ urls: { test: url }, keepAlive: false, allowPlain: true })

/** What there is to tell endings apart, but for the words of the operating system. */
const kindOf = (ending: Ending) =>
  ending._tag === "Answered"
    ? { _tag: ending._tag, isWhole: Buffer.from(ending.body).toString("latin1").includes("</RESPONSE>") }
    : { _tag: ending._tag, reason: ending.reason, status: "status" in ending ? ending.status : undefined }

const overSockets = (effect: string | undefined) =>
  Effect.gen(function* () {
    const { url } = yield* Simulator
    return kindOf(yield* Effect.provide(post(effect), wireAt(url)))
  }).pipe(
    Effect.provide(Simulator.layer({ port: 0, controlPort: 0, seed })),
    Effect.provide(
      Layer.mergeAll(
        Layer.succeed(Clock.Clock, Clock.Clock.defaultValue()),
        Layer.succeed(Scheduler.Scheduler, Scheduler.Scheduler.defaultValue())
      )
    )
  )

const simulated = (effect: string | undefined) =>
  Effect.promise(async () => {
    const world = new World(seed, Date.UTC(2026, 2, 2), false)
    const process = new Process(world, "client")
    const network = new Network(world, seed)
    network.choose = () => ({ name: "as marked" })
    const context = process.context().pipe(Context.add(Dialer, network.dialerOf(process)))
    const ended: Array<Ending> = []
    const posted = Effect.scoped(Effect.provide(post(effect), wireAt(new URL("http://epx.invalid/"))))
    Effect.runForkWith(context)(posted).addObserver((exit) => {
      if (exit._tag === "Success") ended.push(exit.value)
    })
    await world.run(() => ended.length > 0)
    return ended.map(kindOf)
  })

describe("a fault does the same to a simulated request as to one over a socket", () => {
  it.effect.each([undefined, ...effects, "CODE_96", "SLOW_400", "LATE_COMMIT_5"])("%s", (effect) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* simulated(effect), [yield* overSockets(effect)])
    })
  )
})

it.effect("a gateway that is away refuses simulated connections as the kernel does", () =>
  Effect.gen(function* () {
    const closed = yield* Effect.promise(async () => {
      const world = new World(seed, 0, false)
      const process = new Process(world, "client")
      const network = new Network(world, seed)
      network.downUntil = 60_000
      const context = process.context().pipe(Context.add(Dialer, network.dialerOf(process)))
      const ended: Array<Ending> = []
      const posted = Effect.provide(post(undefined), wireAt(new URL("http://epx.invalid/")))
      Effect.runForkWith(context)(posted).addObserver((exit) => {
        if (exit._tag === "Success") ended.push(exit.value)
      })
      await world.run(() => ended.length > 0)
      return ended.map(kindOf)
    })
    const live = Effect.provideService(
      Effect.provide(post(undefined), wireAt(new URL("http://127.0.0.1:9/"))),
      Clock.Clock,
      Clock.Clock.defaultValue()
    )
    assert.deepStrictEqual(closed, [kindOf(yield* live)])
  })
)
