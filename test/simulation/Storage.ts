import { inspect } from "node:util"
import { PgClient, PgConnection } from "@effect/sql-pg"
import { Cause, Effect, Exit, Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import type { Statement } from "effect/sql"
import { DatabaseUnavailable } from "../../src/domain/DatabaseUnavailable.ts"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"
import { Database } from "../../src/postgres/Database.ts"
import type { Statements } from "../../src/postgres/Gate.ts"
import { alwaysCurrent } from "../support/AlwaysCurrent.ts"
import type { Process } from "./Process.ts"
import type { Seed } from "./Seed.ts"
import type { World } from "./World.ts"

/** What becomes of a statement: `late` and `lost` ones are carried out, though whoever asked is told of a failure. */
type Fate = "done" | "refused" | "lost" | "late"

const settings = {
  timezone: "UTC",
  // Ours comes first, so that `now()` is the virtual one in every statement.
  search_path: "public, pg_catalog",
  jit: "off",
  // Made once and without statistics, so that what came before cannot change it, and planning costs nothing.
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off"
}

export const scoped = async <A, E>(
  scope: Scope.Closeable,
  effect: Effect.Effect<A, E, Scope.Scope | Reactivity.Reactivity>
) => Effect.runPromise(effect.pipe(Scope.provide(scope), Effect.provide(Reactivity.layer)))

/**
 * A real Postgres in which time is virtual. Statements of all processes wait here for their turn; each is carried out
 * alone, to its end, while nothing else happens.
 */
export class Storage {
  readonly world: World
  /** How often a statement fails, 0 to 1. */
  failures = 0
  /** Until then every statement fails. */
  downUntil = 0
  readonly fired = new Map<string, number>()
  /** Statements that Postgres refused: each of them is a bug. */
  readonly refused: Array<string> = []
  /** Parameters of statements that were carried out after their failure had been told. */
  readonly cameLate = new Set<unknown>()
  statements = 0
  readonly #seed: Seed
  readonly #scope: Scope.Closeable
  readonly #builder: PgClient.PgClient
  readonly #session: PgConnection.PgConnection
  readonly #sabotage: (text: string) => string
  #clock = Number.NaN

  private constructor(
    world: World,
    scope: Scope.Closeable,
    builder: PgClient.PgClient,
    session: PgConnection.PgConnection,
    sabotage: ((text: string) => string) | undefined
  ) {
    this.world = world
    this.#sabotage = sabotage ?? ((text) => text)
    this.#seed = world.seed.fork("storage")
    this.#scope = scope
    this.#builder = builder
    this.#session = session
  }

  /** With a session of its own, since what a session remembers of statements may change how they are carried out. */
  static async open(
    world: World,
    database: LocalDatabase,
    sabotage: ((text: string) => string) | undefined
  ): Promise<Storage> {
    const scope = Scope.makeUnsafe()
    const options = { ...database, startupParameters: settings }
    const builder = await scoped(scope, PgClient.makeClient(options))
    const session = await scoped(scope, PgConnection.make({ ...options, multiplex: true }))
    return new Storage(world, scope, builder, session, sabotage)
  }

  close(): Promise<void> {
    return Effect.runPromise(Scope.close(this.#scope, Exit.void))
  }

  /** At the virtual time, now, and outside of the simulation. */
  async query(text: string, parameters: ReadonlyArray<unknown> = []) {
    // The clock of another machine is a little behind, and telling it the time costs as much as a statement.
    const now = this.world.now - (this.world.now % tick_ms)
    const set =
      this.#clock === now ? undefined : Effect.runPromise(this.#session.query(setClock, [new Date(now).toISOString()]))
    this.#clock = now
    const exit = await Effect.runPromiseExit(this.#session.query(text, parameters))
    await set
    if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
    return exit.value.rows
  }

  /** Reads what there is at the virtual time, outside of the simulation. */
  async observe<A>(read: (sql: PgClient.PgClient) => Promise<A>): Promise<A> {
    await Effect.runPromise(this.#builder.unsafe(setClock, [new Date(this.world.now).toISOString()]))
    return read(this.#builder)
  }

  /** The database as one process knows it. */
  databaseOf(process: Process): Database["Service"] {
    const pipelined = this.#gate(process, "pipelined")
    const plain = this.#gate(process, "plain")
    return Database.of({
      pipelined,
      lagging: pipelined,
      plain,
      background: plain,
      listen: alwaysCurrent
    })
  }

  #gate(process: Process, pool: string): Statements {
    const gate = <A, E>(run: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
      Effect.callback<A, E | DatabaseUnavailable>((resume) => {
        const [text, parameters] = compiled(run(this.#builder))
        const fate = this.#fate()
        const told = { isTold: false }
        const tell = (answer: Effect.Effect<A, E | DatabaseUnavailable>) => {
          if (!told.isTold && process.isAlive) resume(answer)
          told.isTold = true
        }
        const reason = this.#seed.pick(fate === "refused" ? [...uncertain, ...certain] : uncertain)
        const fail = () => tell(Effect.fail(new DatabaseUnavailable({ reason })))
        if (fate === "late") for (const value of parameters.flatMap(valuesOf)) this.cameLate.add(value)
        if (fate !== "done") {
          this.fired.set(`statement ${fate}`, (this.fired.get(`statement ${fate}`) ?? 0) + 1)
          this.world.trace.add(`${process.name} ${pool} ${labelOf(text)} is ${fate}`, parameters)
        }
        if (fate === "refused") {
          this.world.after(this.#latency(), process, fail)
          return
        }
        const run_ = async () => {
          const answer = await this.#carryOut(process, `${pool} ${labelOf(text)}`, text, parameters, fate)
          if (fate === "lost") this.world.after(this.#latency(), process, fail)
          // cast: the rows of the statement are what it would have given by itself
          else this.world.after(this.#seed.between(0, 2), process, () => tell(answer as Effect.Effect<A, E>))
        }
        // Whoever dies now has sent it already, or has not.
        const owner = this.#seed.chance(0.5) ? process : always
        const turn = this.world.after(this.#latency() + (fate === "late" ? 2_000 : 0), owner, run_)
        if (fate === "late") this.world.after(this.#latency(), process, fail)
        const goesOn = this.#seed.chance(0.5)
        return Effect.sync(() => {
          told.isTold = true
          if (!goesOn) turn.isCanceled = true
        })
      })
    // cast: what the services of the money path run needs nothing
    return gate as unknown as Statements
  }

  async #carryOut(process: Process, label: string, text: string, parameters: ReadonlyArray<unknown>, fate: Fate) {
    this.statements++
    try {
      const rows = await this.query(this.#sabotage(text), parameters)
      this.world.trace.add(`${process.name} ${label}: ${rows.length}`, parameters.length === 0 ? ["sweep"] : parameters)
      return Effect.succeed(rows)
    } catch (error) {
      // One that comes late may find that it was made again under the same id: its refusal is what is hoped for then.
      if (fate !== "late") this.refused.push(`${label}: ${inspect(error, { depth: 4 })}`)
      this.world.trace.add(`${process.name} ${label}: refused`, parameters)
      return Effect.fail(error)
    }
  }

  #fate(): Fate {
    if (this.world.now < this.downUntil) return "refused"
    if (!this.#seed.chance(this.failures)) return "done"
    return this.#seed.pick(["refused", "refused", "lost", "lost", "late"])
  }

  #latency(): number {
    return this.#seed.chance(0.01) ? this.#seed.between(10, 1_500) : this.#seed.between(0, 4)
  }
}

const compiled = (statement: object) => {
  if (!("compile" in statement)) throw new Error("Only single statements can be simulated")
  // cast: of what a client makes, only statements have this
  return (statement as Statement.Statement<unknown>).compile()
}

/** What a parameter says: one that is an array, of several inputs, says each of its elements. */
const valuesOf = (parameter: unknown): ReadonlyArray<unknown> =>
  typeof parameter === "string" && /^\{.*\}$/s.test(parameter)
    ? Array.from(parameter.matchAll(/"((?:[^"\\]|\\.)*)"/gs), ([, element = ""]) => element.replace(/\\(.)/gs, "$1"))
    : [parameter]

const always = { name: "network", isAlive: true }

const tick_ms = 200

const setClock = "SELECT set_config('virtual.now', $1, false)"

/** Whether the statement was carried out is not known. */
const uncertain = ["connection", "timeout"] as const

/** It was not. */
const certain = ["lock", "checkout"] as const

const labels = new Map<string, string>()

/** A few words by which people tell statements apart. */
const labelOf = (text: string): string => {
  const known = labels.get(text)
  if (known !== undefined) return known
  const words = [...text.matchAll(/\b(INSERT INTO|UPDATE|DELETE FROM|FROM) (\w+)/g)].map(([, verb, table]) => {
    return `${verb?.split(" ")[0]?.toLowerCase()} ${table}`
  })
  const label = [...new Set(words.filter((word) => !word.startsWith("from")))].join(", ") || (words[0] ?? "select")
  labels.set(text, label)
  return label
}
