import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { end, eventually, leftovers, open, processesOf, query, startHolder, workplace } from "./Workplace.ts"

const createTable = "CREATE TABLE kept AS SELECT generate_series(1, 10000) AS id"
const countRows = "SELECT count(*)::int AS rows FROM kept"
const allRows = [{ rows: 10_000 }]

describe("first start", () => {
  it.live("keeps the data, and starts a warm directory in less than a second", () =>
    Effect.gen(function* () {
      const dataDirectory = join(yield* workplace(), "data")
      const cold = yield* Effect.gen(function* () {
        const [duration, postgres] = yield* Effect.timed(open({ dataDirectory }))
        yield* query(yield* postgres.createDatabase("app"), createTable)
        return duration
      }).pipe(Effect.scoped)
      assert.deepStrictEqual(processesOf(dataDirectory), [])

      const [warm, postgres] = yield* Effect.timed(open({ dataDirectory }))
      assert.deepStrictEqual(yield* query(yield* postgres.createDatabase("app"), countRows), allRows)
      assert.isBelow(Duration.toMillis(warm), 1_000)
      yield* Effect.logInfo(`first start ${Duration.format(cold)}, second start ${Duration.format(warm)}`)
    })
  )

  it.live(
    "serves all who come and go at the same time, from the first start on",
    () =>
      Effect.gen(function* () {
        const dataDirectory = join(yield* workplace(), "data")
        const visit = open({ dataDirectory }).pipe(
          Effect.flatMap(({ server }) => query(server, "SELECT 1 AS one")),
          Effect.scoped
        )
        const answers = yield* Effect.all(
          Array.from({ length: 4 }, () => Effect.replicateEffect(visit, 4)),
          {
            concurrency: "unbounded"
          }
        )
        assert.deepStrictEqual(new Set(answers.flat(2).map(({ one }) => one)), new Set([1]))
        assert.deepStrictEqual(processesOf(dataDirectory), [])
        assert.deepStrictEqual(leftovers(dirname(dataDirectory)), [])
      }),
    60_000
  )
})

describe("interruption", () => {
  const stages = {
    "initdb begins": (directory: string) => leftovers(directory).length > 0,
    "initdb works": (directory: string) =>
      leftovers(directory).some((name) => existsSync(join(directory, name, "global", "pg_control"))),
    "the data directory is complete": (directory: string) => existsSync(join(directory, "data")),
    "the server starts": (directory: string) => existsSync(join(directory, "data", "postmaster.pid"))
  }

  for (const [stage, reached] of Object.entries(stages)) {
    it.live(`leaves no process and no half state when ${stage}`, () =>
      Effect.gen(function* () {
        const directory = yield* workplace()
        const dataDirectory = join(directory, "data")
        const starting = yield* Effect.forkChild(Effect.scoped(Effect.andThen(open({ dataDirectory }), Effect.never)))
        yield* eventually(() => reached(directory))
        yield* Fiber.interrupt(starting)

        assert.deepStrictEqual(processesOf(directory), [])
        assert.deepStrictEqual(leftovers(directory), [])
        const { server } = yield* open({ dataDirectory })
        assert.deepStrictEqual(yield* query(server, "SELECT 1 AS one"), [{ one: 1 }])
      })
    )
  }

  it.live("by Ctrl-C ends the whole program during initdb", () =>
    Effect.gen(function* () {
      const directory = yield* workplace()
      const holder = yield* startHolder(join(directory, "data"))
      yield* eventually(() => leftovers(directory).length > 0)
      yield* end(holder, "SIGINT")

      assert.deepStrictEqual(processesOf(directory), [])
      assert.deepStrictEqual(leftovers(directory), [])
    })
  )

  it.live("by a kill during initdb is cleaned up by the next start", () =>
    Effect.gen(function* () {
      const directory = yield* workplace()
      const holder = yield* startHolder(join(directory, "data"))
      yield* eventually(() => leftovers(directory).length > 0)
      yield* end(holder, "SIGKILL")
      yield* eventually(() => processesOf(directory).length === 0)
      assert.lengthOf(leftovers(directory), 1)

      yield* open({ dataDirectory: join(directory, "data") })
      assert.deepStrictEqual(leftovers(directory), [])
    })
  )
})
