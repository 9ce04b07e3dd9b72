import { Deferred, Effect, type Exit, Fiber, Schedule, Schema, Scope } from "effect"
import { PaymentIds, TransactionIds } from "../../src/domain/Ids.ts"
import { type HttpAnswer, sendRequest } from "../support/HttpRequest.ts"
import { afterFaults, type Blow, type Cell, faults, isSilent } from "./Cells.ts"
import type { Ask } from "./Operations.ts"
import { type Passing, type ServiceProcess, startService } from "./ServiceProcess.ts"
import type { Shop, Stand } from "./Stand.ts"
import { pass, settleDown } from "./Time.ts"

/** One cell on its way, in a shop of its own. */
export interface Run {
  readonly cell: Cell
  readonly shop: Shop
  /** Of the request that leads to the call. */
  readonly key: string
  payment: string | undefined
  ask: { readonly path: string; readonly json: object } | undefined
  held: { readonly passing: Passing; readonly by: ServiceProcess } | undefined
  client: Fiber.Fiber<Exit.Exit<HttpAnswer>> | undefined
  /** What the client was told about the key, in order. */
  readonly answers: Array<HttpAnswer>
  readonly problems: Array<string>
  /** It was told that nothing was sent when the gateway had its call. */
  isMisled: boolean
  /** Milliseconds that the client has waited for its answer. */
  waited_ms: number
  /** Requests that the gateway had of the shop before the faults. */
  heard: number
}

/** Cells that go on together: all under the same blow, and after the same wait. */
export interface Wave {
  readonly blow: Blow
  /** Milliseconds that have to pass until the calls stand where the blow meets them. */
  readonly wait_ms: number
  readonly cells: ReadonlyArray<Cell>
}

const waitOf = ({ boundary, fault, operation }: Cell) =>
  isSilent(fault) && (boundary === "answered" || boundary === "settled") ? operation.limit_ms + 500 : 0

/** So many calls of these kinds the service makes at a time; held ones stand in the way of others. */
const places = [
  { types: new Set(["timeout_reversal", "probe"]), most: 60 },
  { types: new Set(["undo"]), most: 30 },
  { types: new Set(["scheduled_refund"]), most: 30 }
]

export const wavesOf = (cells: ReadonlyArray<Cell>, size: number): ReadonlyArray<Wave> =>
  [...Map.groupBy(cells, (cell) => `${cell.blow} ${waitOf(cell)}`).values()].flatMap((group) => {
    const count = Math.max(
      Math.ceil(group.length / size),
      ...places.map(({ most, types }) =>
        Math.ceil(group.filter(({ operation }) => types.has(operation.type)).length / most)
      )
    )
    return Array.from({ length: count }, (_, number): Wave => {
      // Each gets some of everything.
      const part = group.filter((_, index) => index % count === number)
      const [first] = part
      if (first === undefined) throw new Error("An empty wave")
      return { blow: first.blow, wait_ms: waitOf(first), cells: part }
    })
  })

const inParallel = { concurrency: 12, discard: true } as const

/** The stand with the processes of the service that live on it. */
export interface Scene {
  readonly stand: Stand
  readonly services: Set<ServiceProcess>
  /** Of the processes, which outlive a wave. */
  readonly scope: Scope.Scope
  /** Hears of each call that stops at a boundary. */
  onPassage: (passing: Passing, by: ServiceProcess) => void
}

const start = (scene: Scene) =>
  startService(scene.stand.directory, scene.stand.env, (passing, by) => scene.onPassage(passing, by)).pipe(
    Effect.tap((service) => Effect.sync(() => scene.services.add(service))),
    Scope.provide(scene.scope)
  )

const end = (scene: Scene, service: ServiceProcess) =>
  Effect.andThen(
    service.kill,
    Effect.sync(() => scene.services.delete(service))
  )

export const openScene = Effect.fnUntraced(function* (stand: Stand) {
  const scene: Scene = {
    stand,
    services: new Set(),
    scope: yield* Effect.scope,
    onPassage: (passing, by) => void Effect.runFork(by.go(passing))
  }
  yield* start(scene)
  return scene
})

/** Begins anew with one process, after a wave that did not come to its end. */
export const restart = Effect.fnUntraced(function* (scene: Scene) {
  yield* Effect.forEach([...scene.services], (service) => end(scene, service), { discard: true })
  yield* start(scene)
})

const serviceOf = ({ services }: Scene) => {
  const awake = [...services].find((service) => !service.isPaused())
  if (awake === undefined) throw new Error("No service is running")
  return awake
}

const post = (scene: Scene, run: Run, key: string, ask: { readonly path: string; readonly json: object }) =>
  Effect.suspend(() =>
    sendRequest(serviceOf(scene).url, { ...ask, key: run.shop.apiKey, headers: { "idempotency-key": key } })
  )

const Seen = Schema.Array(Schema.Struct({ id: Schema.String, type: Schema.String }))

const resolved = Effect.fnUntraced(function* (scene: Scene, run: Run, ask: Ask) {
  const { payment } = run
  if (payment === undefined) return { path: ask.path(""), json: ask.body([]) }
  const { json } = yield* sendRequest(serviceOf(scene).url, { path: `/v1/payments/${payment}`, key: run.shop.apiKey })
  return { path: ask.path(payment), json: ask.body(Schema.decodeUnknownSync(Seen)(json.transactions)) }
})

/** What happens before anything goes wrong. */
const prepare = Effect.fnUntraced(function* (scene: Scene, run: Run, asks: ReadonlyArray<Ask>, stage: string) {
  for (const [index, ask] of asks.entries()) {
    const { json, status } = yield* post(scene, run, `${run.key}-${stage}-${index}`, yield* resolved(scene, run, ask))
    if (status !== 201 && !(status === 202 && json?.status !== "unknown")) {
      run.problems.push(`preparing it failed: ${status} ${JSON.stringify(json)}`)
      return
    }
    run.payment = json.id
  }
})

/** Closes the batch of the shop, here and at the gateway. */
const close = Effect.fnUntraced(function* ({ stand }: Scene, { shop }: Run) {
  const [cust, merch, dba, terminal] = shop.terminal.split("-")
  yield* Effect.orDie(stand.sql`UPDATE transactions SET cutoff_at = cutoff_at - interval '2 days'
    WHERE merchant_id = ${shop.merchantId}::uuid`)
  const form = new URLSearchParams({
    CUST_NBR: cust ?? "",
    MERCH_NBR: merch ?? "",
    DBA_NBR: dba ?? "",
    TERMINAL_NBR: terminal ?? "",
    TRAN_TYPE: "CCEZ",
    BATCH_ID: "0",
    TRAN_NBR: "0"
  })
  yield* sendRequest(stand.simulator.url.origin, {
    path: "/",
    body: form.toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" }
  })
})

const nobody = () => false

const setUp = Effect.fnUntraced(function* (scene: Scene, runs: ReadonlyArray<Run>) {
  const { simulator } = scene.stand
  yield* Effect.forEach(runs, (run) => prepare(scene, run, run.cell.operation.before, "before"), inParallel)
  const closing = runs.filter(({ cell }) => cell.operation.afterClose !== undefined)
  if (closing.length > 0) {
    yield* Effect.forEach(closing, (run) => close(scene, run), inParallel)
    yield* settleDown(scene.stand, nobody)
    // Batches are looked at every ten seconds.
    yield* pass(scene.stand, scene.services, 11_000)
    yield* settled(scene.stand, closing)
    yield* Effect.forEach(
      closing,
      (run) => prepare(scene, run, run.cell.operation.afterClose ?? [], "after"),
      inParallel
    )
  }
  for (const run of runs) {
    const { after, fault, lookUps, operation } = run.cell
    const key = run.shop.terminal
    run.heard = (yield* simulator.requests({ key })).length
    for (const effect of [...operation.causes, faults[fault]]) yield* simulator.scenarios.add({ key, effect })
    const then = afterFaults[after]
    if (then !== null) yield* simulator.scenarios.add({ key, ...then })
    if (lookUps === "lost") {
      yield* simulator.scenarios.add({ key, effect: "HTTP_500", times: "always", match: { TRAN_TYPE: "LOOKUP" } })
    }
    if (operation.ask !== null) run.ask = yield* resolved(scene, run, operation.ask)
  }
})

const settled = ({ sql }: Stand, closing: ReadonlyArray<Run>) =>
  Effect.gen(function* () {
    const ids = closing.map(({ shop }) => shop.merchantId)
    const deadline = Date.now() + 10_000
    while (true) {
      const open = yield* sql`SELECT 1 AS one FROM transactions WHERE merchant_id = ANY(${ids}::uuid[])
        AND type IN ('sale', 'capture') AND status = 'approved' LIMIT 1`
      if (open.length === 0 || Date.now() > deadline) return
      yield* Effect.sleep("20 millis")
    }
  }).pipe(Effect.orDie)

/** Stops each call of the wave at its boundary, and lets every other call go on. */
const hold = Effect.fnUntraced(function* (scene: Scene, runs: ReadonlyArray<Run>, allHeld: Deferred.Deferred<void>) {
  const byKey = new Map(runs.map((run) => [run.key, run]))
  const byMerchant = new Map(runs.map((run) => [run.shop.merchantId, run]))
  const { sql } = scene.stand
  const runOf = Effect.fnUntraced(function* (about: string) {
    const known = byKey.get(about)
    if (known !== undefined || !about.startsWith("pay_")) return known
    const id = PaymentIds.toUuid(PaymentIds.Id.make(about))
    const [row] = yield* Effect.orDie(sql`SELECT merchant_id FROM payments WHERE id = ${id}::uuid`)
    const run = byMerchant.get(String(row?.merchant_id))
    if (run !== undefined) byKey.set(about, run)
    return run
  })
  const context = yield* Effect.context<Scope.Scope>()
  let count = 0
  scene.onPassage = (passing, by) =>
    void Effect.runForkWith(context)(
      Effect.gen(function* () {
        const run = yield* runOf(passing.about)
        const isWanted =
          run !== undefined &&
          run.held === undefined &&
          run.cell.operation.type === passing.type &&
          run.cell.boundary === passing.boundary
        if (!isWanted) return yield* by.go(passing)
        run.held = { passing, by }
        if (++count === runs.length) yield* Deferred.succeed(allHeld, undefined)
      })
    )
})

const begin = (scene: Scene, run: Run) => {
  const { ask, shop } = run
  return ask === undefined
    ? Effect.asVoid(
        Effect.orDie(scene.stand.sql`UPDATE transactions SET next_attempt_at = now()
          WHERE merchant_id = ${shop.merchantId}::uuid AND status = 'scheduled'`)
      )
    : Effect.gen(function* () {
        run.waited_ms = 0
        run.client = yield* Effect.forkScoped(
          Effect.exit(
            post(scene, run, run.key, ask).pipe(
              Effect.tap((answer) => note(scene, run, answer)),
              // Nothing was sent, so a client asks again.
              Effect.repeat({ schedule: askingAgain, while: ({ status }) => status === 503 })
            )
          )
        )
      })
}

const note = Effect.fnUntraced(function* ({ stand }: Scene, run: Run, answer: HttpAnswer) {
  run.answers.push(answer)
  // That the database cannot be asked says nothing about what was sent before.
  if (answer.json?.code !== "gateway_unavailable") return
  const { length } = yield* stand.simulator.requests({ key: run.shop.terminal })
  if (length > run.heard + run.cell.operation.causes.length) run.isMisled = true
})

const askingAgain = Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 5 }))

/** The client has no answer, so it asks again with the same key. */
const askAgain = (scene: Scene, run: Run) =>
  run.client === undefined ? Effect.void : Effect.andThen(Fiber.interrupt(run.client), begin(scene, run))

/**
 * The calls that a process has left. They are dated as if those with equal leases had been made at one moment, so that
 * their leases run out together.
 */
const abandoned = ({ sql }: Stand) =>
  Effect.map(
    Effect.orDie(sql`WITH own AS (
        SELECT id, lease_until - min(lease_until) OVER (PARTITION BY lease_until - send_by) AS by FROM transactions
        WHERE status = 'submitting'
      )
      UPDATE transactions SET created_at = created_at - own.by, send_by = send_by - own.by,
        lease_until = lease_until - own.by
      FROM own WHERE own.id = transactions.id RETURNING transactions.id`),
    (rows) => new Set(rows.map(({ id }) => TransactionIds.fromUuid(String(id))))
  )

/** A process that is new to its work takes its time for the first requests, and time must not pass without them. */
const recorded = ({ sql }: Stand, runs: ReadonlyArray<Run>) =>
  Effect.gen(function* () {
    const keys = runs.filter(({ ask }) => ask !== undefined).map(({ key }) => key)
    const deadline = Date.now() + 10_000
    while (Date.now() < deadline) {
      const rows = yield* sql`SELECT 1 AS one FROM transactions WHERE idempotency_key = ANY(${keys}::text[])`
      if (rows.length >= keys.length) return
      yield* Effect.sleep("20 millis")
    }
  }).pipe(Effect.orDie)

/** A new request with one of these would be a new intent. */
const failedKeys = ({ sql }: Stand) =>
  Effect.map(
    Effect.orDie(sql`SELECT idempotency_key FROM transactions WHERE status = 'failed' AND idempotency_key IS NOT NULL`),
    (rows) => new Set(rows.map(({ idempotency_key }) => String(idempotency_key)))
  )

/** Lets time pass until nothing is left that time could change. */
const rest = Effect.fnUntraced(function* (
  scene: Scene,
  runs: ReadonlyArray<Run>,
  isHeld: (id: typeof TransactionIds.Id.Type) => boolean
) {
  for (let step = 0; step < 80; step++) {
    const { next_ms, submitting } = yield* settleDown(scene.stand, isHeld, runs.some(isWaiting) ? 8 : 3)
    const isAwaited = runs.some(isWaiting)
    if (next_ms === null && !isAwaited && submitting.length === 0) return
    // Clients are told what is known after twelve seconds; whatever else is due within half a second comes with it.
    const by = Math.min(next_ms === null ? Number.POSITIVE_INFINITY : next_ms + 500, isAwaited ? 12_500 : 90_000_000)
    yield* pass(scene.stand, scene.services, Math.ceil(by))
    yield* answered(runs, by)
  }
  for (const run of runs) run.problems.push("the stand does not come to rest")
})

/** So many milliseconds are over for the clients; after twelve seconds answers are on the way. */
const answered = Effect.fnUntraced(function* (runs: ReadonlyArray<Run>, passed_ms: number) {
  const waiting = runs.filter(isWaiting)
  for (const run of waiting) run.waited_ms += passed_ms
  const told = waiting.filter(({ waited_ms }) => waited_ms >= 12_500)
  const deadline = Date.now() + 2_000
  while (Date.now() < deadline && told.some(isWaiting)) yield* Effect.sleep("10 millis")
  for (const run of told.filter(isWaiting)) {
    // On a busy machine its request may have come later than the time that passed; none takes as long as a call.
    if (run.waited_ms >= 30_000) run.problems.push("the client was left without an answer")
  }
})

const isWaiting = ({ client }: Run) => client !== undefined && client.pollUnsafe() === undefined

/** What the blow does, and what brings everything to rest after it. */
const strike = Effect.fnUntraced(function* (scene: Scene, wave: Wave, runs: ReadonlyArray<Run>) {
  const { stand } = scene
  const service = serviceOf(scene)
  const held = runs.flatMap((run) => (run.held === undefined ? [] : [run.held]))
  const letGo = Effect.gen(function* () {
    yield* service.watch([])
    yield* Effect.forEach(held, ({ by, passing }) => by.go(passing), { discard: true })
  })
  switch (wave.blow) {
    case "killed": {
      yield* end(scene, service)
      const dead = yield* abandoned(stand)
      yield* start(scene)
      yield* Effect.forEach(runs, (run) => askAgain(scene, run), inParallel)
      return yield* rest(scene, runs, (id) => dead.has(id))
    }
    case "paused": {
      yield* service.pause
      const stopped = yield* abandoned(stand)
      const successor = yield* start(scene)
      yield* Effect.forEach(runs, (run) => askAgain(scene, run), inParallel)
      yield* rest(scene, runs, (id) => stopped.has(id))
      yield* letGo
      yield* service.goOn
      // A second answer of the process shows that it has heard everything before.
      yield* service.freeze
      yield* service.shift(0)
      yield* rest(scene, runs, nobody)
      yield* end(scene, service)
      return void successor
    }
    case "abandoned": {
      yield* Effect.forEach(
        runs,
        ({ client }) => (client === undefined ? Effect.void : Fiber.interrupt(client)),
        inParallel
      )
      // The service sees that they are gone, and sweeps; the calls are in time all the same.
      yield* Effect.sleep("50 millis")
      yield* pass(stand, scene.services, 2_500)
      yield* Effect.sleep("150 millis")
      yield* letGo
      yield* Effect.forEach(runs, (run) => askAgain(scene, run), inParallel)
      return yield* rest(scene, runs, nobody)
    }
  }
})

/** Runs the cells of a wave to their rest. What went wrong on the way is among the problems of each. */
export const runWave = Effect.fnUntraced(function* (scene: Scene, wave: Wave, number: number) {
  const { stand } = scene
  yield* stand.clear
  const runs = wave.cells.map((cell, index): Run => {
    const shop = stand.shops[index]
    if (shop === undefined) throw new Error("More cells than shops")
    return {
      cell,
      shop,
      key: `w${number}-${index}`,
      payment: undefined,
      ask: undefined,
      held: undefined,
      client: undefined,
      answers: [],
      problems: [],
      isMisled: false,
      waited_ms: 0,
      heard: 0
    }
  })
  yield* Effect.forEach(runs, ({ cell, shop }) => stand.letLookUp(shop, cell.lookUps !== "none"), inParallel)
  yield* setUp(scene, runs)
  const allHeld = yield* Deferred.make<void>()
  yield* hold(scene, runs, allHeld)
  yield* serviceOf(scene).watch(new Set(wave.cells.map(({ operation }) => operation.type)))
  yield* Effect.forEach(runs, (run) => begin(scene, run), inParallel)
  if (wave.wait_ms > 0) {
    yield* recorded(stand, runs)
    yield* settleDown(stand, nobody)
    // Clients give up before calls do.
    yield* pass(stand, scene.services, 12_500)
    yield* answered(runs, 12_500)
    yield* settleDown(stand, nobody)
    yield* pass(stand, scene.services, wave.wait_ms - 12_500 > 0 ? wave.wait_ms - 12_500 : 0)
  }
  yield* Effect.timeoutOption(Deferred.await(allHeld), "10 seconds")
  for (const run of runs) if (run.held === undefined) run.problems.push("the boundary was not reached")
  yield* strike(scene, wave, runs)
  // Once more at the end: one key has one answer.
  const failed = yield* failedKeys(stand)
  yield* Effect.forEach(
    runs.filter(({ ask, key }) => ask !== undefined && !failed.has(key)),
    (run) => begin(scene, run),
    inParallel
  )
  yield* rest(scene, runs, nobody)
  return runs
}, Effect.scoped)
