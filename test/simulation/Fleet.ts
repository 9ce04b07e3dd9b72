import { Context, Duration, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { Dialer } from "../../src/epx/Connections.ts"
import { DeclineGuard } from "../../src/http/DeclineGuard.ts"
import { moneyLayer } from "../../src/main.ts"
import { Payments } from "../../src/payments/Payments.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { Database } from "../../src/postgres/Database.ts"
import type { Network } from "./Network.ts"
import { Process } from "./Process.ts"
import type { Storage } from "./Storage.ts"
import type { World } from "./World.ts"

/** What a client was told, if anything: whoever should have told it may have died, or taken too long. */
export type Told<A, E> = { readonly _tag: "Answered"; readonly exit: Exit.Exit<A, E> } | { readonly _tag: "Nothing" }

interface Running {
  readonly process: Process
  readonly context: Context.Context<Payments>
  readonly scope: Scope.Closeable
  readonly asked: Set<() => void>
  isStopping: boolean
}

/** Known, since what they seal is thrown away with the scenario. */
const encryptionKey = Buffer.alloc(32, 7)
const fingerprintKey = Buffer.alloc(32, 9)

export const cipherLayer = ColumnCipher.layer({
  keys: [{ id: "simulation", key: Redacted.make(encryptionKey) }],
  fingerprintKey: Redacted.make(fingerprintKey)
})

/** Stories are full of declines, and each is to be told to its end. */
const unguarded = Layer.succeed(DeclineGuard, { refusal: () => undefined, count: () => {} })

const place = new URL("http://epx.invalid/")

/** The processes of the service: the layers of `main.ts` from the payments down, each with a clock of ours. */
export class Fleet {
  readonly world: World
  readonly defects: Array<string> = []
  kills = 0
  stops = 0
  readonly #storage: Storage
  readonly #network: Network
  readonly #hasBreaker: boolean
  readonly #running: Array<Running> = []
  #started = 0

  constructor(world: World, storage: Storage, network: Network, hasBreaker: boolean) {
    this.world = world
    this.#storage = storage
    this.#network = network
    this.#hasBreaker = hasBreaker
  }

  get size(): number {
    return this.#running.length
  }

  start(): void {
    const process = new Process(this.world, `process ${++this.#started}`)
    const seed = this.world.seed.fork(`${process.name}/secure random`)
    const context = process.context().pipe(Context.add(Dialer, this.#network.dialerOf(process)))
    const scope = Scope.makeUnsafe()
    const layer = moneyLayer({
      settlementDelay: Duration.hours(2),
      epx: { urls: { test: place }, keepAlive: false, allowPlain: true, hasBreaker: this.#hasBreaker },
      lookUps: { urls: { test: new URL("custompay", place) }, allowPlain: true }
    }).pipe(
      Layer.provide(Layer.succeed(Database, this.#storage.databaseOf(process))),
      Layer.provide([cipherLayer, unguarded]),
      Layer.provide(
        Layer.succeed(
          SecureRandom.SecureRandom,
          SecureRandom.make((size) => seed.bytes(size))
        )
      )
    )
    this.world.trace.add(`${process.name} starts`)
    const fiber = Effect.runForkWith(context)(Layer.buildWithScope(Layer.fresh(layer), scope))
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit)) throw new Error(`${process.name} did not start: ${exit.cause}`)
      const running = { process, context: Context.merge(context, exit.value), scope, asked: new Set<() => void>() }
      this.#running.push({ ...running, isStopping: false })
    })
  }

  /** Nothing of it runs any more, not even to tidy up. */
  kill(): void {
    const victim = this.#pick()
    if (victim === undefined) return
    this.kills++
    this.world.trace.add(`${victim.process.name} is killed`)
    victim.process.kill()
    this.#remove(victim)
  }

  /** As on a deployment: it ends what it has begun. */
  stop(): void {
    const leaving = this.#pick()
    if (leaving === undefined) return
    this.stops++
    leaving.isStopping = true
    this.world.trace.add(`${leaving.process.name} is told to stop`)
    const closing = Effect.runForkWith(leaving.context)(Scope.close(leaving.scope, Exit.void))
    closing.addObserver(() => {
      this.world.trace.add(`${leaving.process.name} has stopped`)
      leaving.process.kill()
      this.#remove(leaving)
    })
  }

  /** Asks one of the processes, and gives up when `patience_ms` are over. */
  ask<A, E>(request: (payments: Payments["Service"]) => Effect.Effect<A, E>, patience_ms: number) {
    return Effect.callback<Told<A, E>>((resume) => {
      const asked = this.#pick()
      if (asked === undefined) return resume(nothing)
      const told = { isTold: false }
      const tell = (answer: Effect.Effect<Told<A, E>>) => {
        if (told.isTold) return
        told.isTold = true
        patience.isCanceled = true
        asked.asked.delete(die)
        this.world.task(() => resume(answer))
      }
      const die = () => tell(nothing)
      asked.asked.add(die)
      const patience = this.world.after(patience_ms, asked.process, () => {
        tell(nothing)
        fiber.interruptUnsafe()
      })
      const fiber = Effect.runForkWith(asked.context)(request(Context.get(asked.context, Payments)))
      fiber.addObserver((exit) => tell(Effect.succeed({ _tag: "Answered", exit })))
    })
  }

  /** What went wrong in any process that never should. */
  problems(): ReadonlyArray<string> {
    return [...this.defects, ...this.#running.flatMap(({ process }) => process.defects)]
  }

  #remove(gone: Running): void {
    this.defects.push(...gone.process.defects)
    this.#running.splice(this.#running.indexOf(gone), 1)
    for (const die of [...gone.asked]) die()
  }

  #pick(): Running | undefined {
    const serving = this.#running.filter(({ isStopping }) => !isStopping)
    return serving[this.world.seed.between(0, serving.length - 1)]
  }
}

const nothing = Effect.succeed({ _tag: "Nothing" } as const)
