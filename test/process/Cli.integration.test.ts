import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Index } from "../../src/postgres/Indexes.ts"
import { processesOf } from "../local/Workplace.ts"
import { Place, portVariables, startHere } from "./Place.ts"
import { launch, runToEnd } from "./Program.ts"
import { payments, statusOf } from "./Shop.ts"

const run = Effect.fnUntraced(function* (args: string) {
  const { env } = yield* Place
  return yield* runToEnd(args.split(" "), env)
})

const json = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownSync(Schema.fromJsonString(schema))
  return (args: string) =>
    Effect.map(run(args), ({ code, stderr, stdout }) => {
      assert.strictEqual(code, 0, stderr)
      return decode(stdout)
    })
}

const Id = Schema.Struct({ id: Schema.String })
const Key = Schema.Struct({
  id: Schema.String,
  merchant_id: Schema.NullOr(Schema.String),
  scopes: Schema.Array(Schema.String),
  revoked_at: Schema.NullOr(Schema.String),
  secret: Schema.optionalKey(Schema.String)
})

const Jump = Schema.Struct({ from: Schema.Int, to: Schema.Int })

const unknownTransaction = "txn_00000000000000000000000000"

const createMerchant = "merchants create --name Shop --cust-nbr 9001 --merch-nbr 900300 --dba-nbr 2 --terminal-nbr 21"

// Two parts in one test, because the second needs what the first left behind.
layer(Place.layer, { excludeTestServices: true })("operators' commands", (it) => {
  it.effect(
    "work alone and while the service runs",
    () =>
      Effect.gen(function* () {
        const { directory, env } = yield* Place
        assert.include((yield* run("migrate")).stdout, "Applied 0001_")
        assert.strictEqual((yield* run("migrate")).stdout, "The schema is current.\n")
        const merchant = yield* json(Id)(createMerchant)
        assert.deepStrictEqual(processesOf(directory), [])

        const service = yield* startHere
        const key = yield* json(Key)(`keys create --merchant ${merchant.id} --name Read --scope payments:read`)
        assert.deepInclude(key, { merchant_id: merchant.id, scopes: ["payments:read"], revoked_at: null })
        assert.deepStrictEqual(yield* payments({ url: `http://127.0.0.1:${env.PORT}`, apiKey: key.secret ?? "" }), [])
        const revoked = yield* json(Key)(`keys revoke ${key.id}`)
        assert.isNotNull(revoked.revoked_at)
        const listed = yield* json(Schema.Array(Key))("keys list --limit 1")
        assert.deepStrictEqual(listed, [revoked])
        assert.lengthOf(yield* json(Schema.Array(Id))("merchants list"), 2)
        const again = yield* run(createMerchant)
        assert.strictEqual(again.code, 1)
        assert.strictEqual(again.stdout, "")
        assert.match(again.stderr, /terminal/i)

        assert.deepStrictEqual(yield* json(Schema.Array(Id))("exceptions list --limit 1"), [])
        const nobody = yield* run(`exceptions resolve ${unknownTransaction} --outcome failed --evidence asked`)
        assert.match(nobody.stderr, /no such transaction/)
        const changed = yield* json(Schema.Any)(`merchants change ${merchant.id} --reject-on-cvv`)
        assert.deepInclude(changed, { reject_on_avs: false, reject_on_cvv: true })
        const epiKey = join(directory, "epi-key")
        writeFileSync(epiKey, "AN-EPI-KEY-OF-A-TEST\n")
        const [{ id: terminal }] = changed.terminals
        const change = `terminals change ${terminal} --merchant ${merchant.id} --multiple-captures`
        const seen = yield* runToEnd([...change.split(" "), "--lookup-key-file", epiKey], env)
        assert.strictEqual(seen.code, 0, seen.stderr)
        assert.deepInclude(JSON.parse(seen.stdout), { multiple_captures: true, has_lookup_key: true })
        assert.notInclude(seen.stdout + seen.stderr, "AN-EPI-KEY")

        yield* service.signal("SIGTERM")
        assert.strictEqual(yield* service.ended, 0)
        const first = yield* json(Jump)("tran-nbr jump")
        const second = yield* json(Jump)("tran-nbr jump")
        assert.strictEqual(second.from, first.to)
        assert.strictEqual((second.to - first.to + 9_999_999_998) % 9_999_999_998, 10_000_001)
        const operator = yield* json(Key)("keys create --name Ops --environment live")
        assert.deepInclude(operator, { merchant_id: null, scopes: [] })
        const indexes = yield* json(Schema.Array(Index))("indexes list")
        assert.include(
          indexes.map(({ index }) => index),
          "transactions_pkey"
        )
        assert.deepStrictEqual(processesOf(directory), [])
      }),
    60_000
  )
})

layer(Place.layer, { excludeTestServices: true })("a command that cannot be carried out", (it) => {
  const cases: ReadonlyArray<readonly [args: string, complaint: RegExp]> = [
    ["nonsense", /Unknown subcommand "nonsense"/],
    [`${createMerchant} --zone Mars`, /--zone/],
    [`exceptions resolve ${unknownTransaction} --outcome voided --evidence x`, /--outcome/],
    [
      `exceptions resolve ${unknownTransaction} --outcome failed --evidence 4111111111111111`,
      /^Expected no token, key or card number$/m
    ],
    [`exceptions resolve ${unknownTransaction} --outcome failed --evidence x --authorization-code A1`, /approved only/],
    ["keys create --name x --scope payments:read", /an operator key takes none/]
  ]
  it.effect.each(cases)("%j is refused in words, with nothing on stdout and nothing begun", ([args, complaint]) =>
    Effect.gen(function* () {
      const { directory } = yield* Place
      const { code, stderr, stdout } = yield* run(args)
      assert.strictEqual(code, 1)
      assert.strictEqual(stdout, "")
      assert.match(stderr, complaint)
      assert.isFalse(existsSync(directory))
    })
  )
})

describe("the program", () => {
  it.live("answers --help on stdout", () =>
    Effect.map(runToEnd(["keys", "create", "--help"], {}), ({ code, stderr, stdout }) => {
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.include(stdout, "--expires-in")
    })
  )

  it.live("runs the simulator alone, until it is told to end", () =>
    Effect.gen(function* () {
      const ports = yield* portVariables
      const simulator = yield* launch(["simulate"], ports)
      yield* simulator.prints("/__sim/scenarios")
      assert.strictEqual(yield* statusOf(`http://127.0.0.1:${ports.SIMULATOR_CONTROL_PORT}/__sim/ledger`), 200)
      yield* simulator.signal("SIGINT")
      assert.strictEqual(yield* simulator.ended, 0)
    })
  )

  it.live("does not run the simulator in production", () =>
    Effect.map(runToEnd(["simulate"], { APP_ENV: "production" }), ({ code, stderr }) => {
      assert.strictEqual(code, 1)
      assert.include(stderr, "in production")
    })
  )
})
