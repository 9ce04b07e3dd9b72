import { execFile } from "node:child_process"
import { readFileSync, symlinkSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { promisify } from "node:util"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Demo } from "../../src/local/DemoData.ts"
import { childEnvironment } from "../support/ChildEnvironment.ts"
import { farCutoff } from "../support/FarCutoff.ts"
import { Place, startHere } from "./Place.ts"
import { until } from "./Program.ts"
import { payments, readDemo } from "./Shop.ts"

/** What `npm start` needs or other tests do: they are not run again. */
const done = new Set(["npm ci", "npm start", "npm test"])

/** The commands of a document, each with the JSON that it says comes back. */
const blocksOf = (document: string) =>
  Array.from(
    readFileSync(document, "utf8").matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```json\n([\s\S]*?)^```)?/gm),
    ([, script = "", answer]) => ({
      script: script
        .split("\n")
        .filter((line) => !done.has(line))
        .join("\n"),
      answer
    })
  )

/** Runs the blocks in one shell, so that a variable of one is known in the next, and returns what each printed. */
const runAll = Effect.fnUntraced(function* (document: string) {
  const { directory, env } = yield* Place
  // A checkout beside the data directory: the documents say `.local` and the ports of every day.
  const checkout = dirname(directory)
  const ports: Readonly<Record<string, string>> = {
    8080: env.PORT,
    9090: env.OPS_PORT,
    8090: env.SIMULATOR_PORT,
    8091: env.SIMULATOR_CONTROL_PORT
  }
  const blocks = blocksOf(document)
  const mark = "-- next --"
  const script = blocks
    .map((block) => block.script.replace(/(?<=127\.0\.0\.1:)\d{4}/g, (port) => ports[port] ?? port))
    .join(`\necho; echo "${mark}"\n`)
  const { stdout } = yield* Effect.promise(() =>
    promisify(execFile)("sh", ["-ec", script], {
      cwd: checkout,
      env: { ...childEnvironment(), ...env }
    })
  )
  return stdout
    .split(mark)
    .map((printed, index) => ({ printed: printed.trim(), answer: blocks[index]?.answer?.trim() }))
})

/** What differs from run to run. */
const leveled = (json: string | undefined) =>
  (json ?? "")
    .replace(/"(pay|txn)_[0-9a-z]{26}"/g, '"$1"')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"time"')
    .replace(/"authorization_code":"\d{6}"/g, '"authorization_code":"code"')

const send = (method: string, url: string, body: object | undefined, key = "") =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    assert.isTrue(response.ok, `${method} ${url}: ${response.status}`)
    const answer: unknown = await response.json()
    return answer
  })

const Merchants = Schema.Struct({
  data: Schema.NonEmptyArray(
    Schema.Struct({ id: Schema.String, terminals: Schema.NonEmptyArray(Schema.Struct({ id: Schema.String })) })
  )
})

/** Within five minutes of the demo's cut-off its commands say, rightly, that nothing can be voided any more. */
const keepDemoOpen = Effect.fnUntraced(function* ({ operator_key, ops_url, simulator_control_url }: Demo) {
  const { time, zone } = farCutoff()
  const list = yield* send("GET", `${ops_url}/v1/merchants`, undefined, operator_key)
  const [{ id, terminals }] = Schema.decodeUnknownSync(Merchants)(list).data
  const path = `${ops_url}/v1/merchants/${id}/terminals/${terminals[0].id}`
  yield* send("PATCH", path, { settlement_zone: zone, settlement_cutoff: time }, operator_key)
  yield* send("PUT", `${simulator_control_url}/__sim/profile`, { settlement_time_zone: zone, settlement_cut_off: time })
})

layer(Place.layer, { excludeTestServices: true })("the documents", (it) => {
  it.effect(
    "hold commands that do what they say",
    () =>
      Effect.gen(function* () {
        const { directory } = yield* Place
        for (const name of ["src", "migrations", "bin", "node_modules", "package.json"]) {
          symlinkSync(resolve(name), join(dirname(directory), name))
        }
        symlinkSync("local", join(dirname(directory), ".local"))
        yield* startHere
        const demo = readDemo(directory)
        const access = { url: demo.api_url, apiKey: demo.api_key }
        yield* keepDemoOpen(demo)

        const readme = yield* runAll("README.md")
        const shown = readme.filter(({ answer }) => answer !== undefined)
        assert.lengthOf(shown, 2)
        for (const { answer, printed } of shown) assert.strictEqual(leveled(printed), leveled(answer))
        const [, , , voided, listed, commands] = readme.map(({ printed }) => printed)
        assert.strictEqual(JSON.parse(voided ?? "").status, "voided")
        assert.lengthOf(JSON.parse(listed ?? "").data, 2)
        assert.match(commands ?? "", /SUBCOMMANDS[\s\S]*mer_[\s\S]*key_[\s\S]*The schema is current\./)

        const [{ printed } = { printed: "" }] = yield* runAll("docs/simulator.md")
        assert.include(printed, '"status":"unknown"')
        yield* until(payments(access), ([newest]) => newest?.status === "reversed")
      }),
    30_000
  )
})
