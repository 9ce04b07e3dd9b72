import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, DateTime, Effect, Exit, Layer, Logger, Option, Predicate, Schema } from "effect"
import { Argument, CliConfig, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import { databaseOf, simulatorOf } from "./Backing.ts"
import { ApiKey, IssuedApiKey } from "./domain/ApiKey.ts"
import { ApiKeyIds, MerchantIds } from "./domain/Ids.ts"
import { Merchant, Name, SettlementCutoff, SettlementZone } from "./domain/Merchant.ts"
import { Scope } from "./domain/Scope.ts"
import { KeyPart } from "./domain/Terminal.ts"
import { ApiKeys } from "./merchants/ApiKeys.ts"
import { ApiKeysRepo } from "./merchants/ApiKeysRepo.ts"
import { Merchants } from "./merchants/Merchants.ts"
import { MerchantsRepo } from "./merchants/MerchantsRepo.ts"
import { Database } from "./postgres/Database.ts"
import { serve } from "./Serve.ts"
import { InvalidSettings, loadSettings, type Settings } from "./Settings.ts"
import { Simulator } from "./simulator/Simulator.ts"
import { loggingLayer } from "./telemetry/Logging.ts"
import { tracingLayer } from "./telemetry/Tracing.ts"

const observed = (settings: Settings) => {
  const format = Option.getOrElse(settings.LOG_FORMAT, () => (settings.isProduction ? "json" : "pretty"))
  const ratio = Option.getOrElse(settings.OTEL_TRACES_SAMPLER_ARG, () => (settings.isProduction ? 0.1 : 1))
  return Layer.merge(
    loggingLayer({ format, level: settings.LOG_LEVEL }),
    Option.match(settings.OTEL_EXPORTER_OTLP_ENDPOINT, {
      onNone: () => Layer.empty,
      onSome: (endpoint) => tracingLayer({ endpoint, ratio })
    })
  )
}

/** Operators' commands print JSON to stdout, so whatever is logged meanwhile goes to stderr. */
const onDatabase = <A, E, R>(use: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { connection } = yield* databaseOf(yield* loadSettings)
    const database = Database.layer({
      connection,
      pipelinedConnections: 1,
      plainConnections: 1,
      checkoutTimeout: "2 seconds"
    })
    const services = Merchants.layer.pipe(
      Layer.provideMerge(ApiKeys.layer),
      Layer.provide([MerchantsRepo.layer, ApiKeysRepo.layer]),
      Layer.provide([database, NodeCrypto.layerSecureRandom])
    )
    return yield* Effect.provide(use, services)
  }).pipe(Effect.scoped, Effect.provide(loggingLayer({ format: "pretty", level: "Warn" })), toStderr)

const toStderr = Effect.provideService(Logger.LogToStderr, true)

const print = <A, I>(schema: Schema.Codec<A, I>) => {
  const encode = Schema.encodeEffect(schema)
  return (value: A) => Effect.flatMap(encode(value), (json) => Console.log(JSON.stringify(json, null, 2)))
}

const serveCommand = Command.make("serve", {}, () =>
  Effect.flatMap(loadSettings, (settings) => Effect.provide(serve(settings), observed(settings)))
).pipe(
  Command.withDescription("Run the service; without DATABASE_URL and EPX_TEST_URL, on a local Postgres and simulator")
)

const migrateCommand = Command.make("migrate", {}, () =>
  Effect.gen(function* () {
    const { applied } = yield* databaseOf(yield* loadSettings)
    yield* Console.log(applied.length === 0 ? "The schema is current." : `Applied ${applied.join(", ")}.`)
  }).pipe(Effect.scoped, toStderr)
).pipe(Command.withDescription("Bring the schema of the database up to date"))

const simulateCommand = Command.make("simulate", {}, () =>
  Effect.gen(function* () {
    const settings = yield* loadSettings
    if (settings.isProduction) {
      return yield* new InvalidSettings({ problems: ["APP_ENV: the simulator does not run in production"] })
    }
    const simulator = yield* Effect.provideContext(Simulator, yield* Layer.build(simulatorOf(settings)))
    yield* Console.log(
      `EPX simulator at ${simulator.url.origin}, steered at ${simulator.controlUrl.origin}/__sim/scenarios`
    )
    return yield* Effect.never
  }).pipe(Effect.scoped)
).pipe(Command.withDescription("Run the EPX simulator alone"))

const environment = Flag.Literals("environment", ["test", "live"]).pipe(
  Flag.withDefault("test"),
  Flag.withDescription("Which side of the merchant: test goes to EPX's sandbox")
)
const keyPart = (name: string) => Flag.String(name).pipe(Flag.withSchema(KeyPart), Flag.withDescription("Given by EPX"))
const limit = Flag.Int("limit").pipe(
  Flag.withDefault(25),
  Flag.withDescription("How many, 1 to 100"),
  Flag.filter(
    (n) => n >= 1 && n <= 100,
    () => "1 to 100"
  )
)

const createMerchant = Command.make(
  "create",
  {
    name: Flag.String("name").pipe(Flag.withSchema(Name), Flag.withDescription("What people call it")),
    environment,
    cust: keyPart("cust-nbr"),
    merch: keyPart("merch-nbr"),
    dba: keyPart("dba-nbr"),
    terminal: keyPart("terminal-nbr"),
    zone: Flag.String("zone").pipe(
      Flag.withSchema(SettlementZone),
      Flag.withDefault("America/New_York"),
      Flag.withDescription("Where the terminal's business day ends")
    ),
    cutoff: Flag.String("cutoff").pipe(
      Flag.withSchema(SettlementCutoff),
      Flag.withDefault("23:00"),
      Flag.withDescription("When it ends there, as HH:MM")
    )
  },
  (flags) =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const merchant = yield* merchants.create({
        name: flags.name,
        terminals: [
          {
            environment: flags.environment,
            cust_nbr: flags.cust,
            merch_nbr: flags.merch,
            dba_nbr: flags.dba,
            terminal_nbr: flags.terminal,
            settlement_zone: flags.zone,
            settlement_cutoff: flags.cutoff
          }
        ]
      })
      yield* print(Merchant)(merchant)
    }).pipe(onDatabase)
).pipe(Command.withDescription("Add a merchant with its terminal"))

const listMerchants = Command.make("list", { limit }, ({ limit }) =>
  Effect.flatMap(Merchants, (merchants) =>
    Effect.flatMap(merchants.list(limit, undefined), ({ data }) => print(Schema.Array(Merchant))(data))
  ).pipe(onDatabase)
).pipe(Command.withDescription("The newest merchants first"))

class InvalidFlags extends Schema.TaggedError<InvalidFlags>()("InvalidFlags", { message: Schema.String }) {}

const createKey = Command.make(
  "create",
  {
    merchant: Flag.String("merchant").pipe(
      Flag.withSchema(MerchantIds.Id),
      Flag.optional,
      Flag.withDescription("Whose key; without it, an operator key")
    ),
    name: Flag.String("name").pipe(Flag.withSchema(Name), Flag.withDescription("What it is for")),
    environment,
    scope: Flag.Literals("scope", Scope.literals).pipe(
      Flag.atLeast(0),
      Flag.withDescription("What a merchant's key may do; may be repeated")
    ),
    expiresIn: Flag.String("expires-in").pipe(
      Flag.withSchema(Schema.DurationFromString),
      Flag.optional,
      Flag.withDescription("Such as '90 days'; without it, never")
    )
  },
  (flags) =>
    Effect.gen(function* () {
      // A key that opens nothing is a mistake, and so is one whose scopes would be forgotten.
      if (Option.isSome(flags.merchant) !== flags.scope.length > 0) {
        return yield* new InvalidFlags({ message: "A merchant's key needs --scope, and an operator key takes none." })
      }
      const now = yield* DateTime.now
      const key = {
        name: flags.name,
        environment: flags.environment,
        expiresAt: Option.match(flags.expiresIn, {
          onNone: () => null,
          onSome: (duration) => DateTime.addDuration(now, duration)
        })
      }
      const issued = Effect.flatMap(ApiKeys, (apiKeys) =>
        Option.match(flags.merchant, {
          onNone: () => apiKeys.createForOperator(key),
          onSome: (merchant) => apiKeys.createForMerchant(merchant, { ...key, scopes: flags.scope })
        })
      )
      yield* Effect.flatMap(onDatabase(issued), print(IssuedApiKey))
    })
).pipe(Command.withDescription("Make an API key. Its secret is shown this once"))

const revokeKey = Command.make(
  "revoke",
  { id: Argument.String("id").pipe(Argument.withSchema(ApiKeyIds.Id), Argument.withDescription("key_…")) },
  ({ id }) => Effect.flatMap(ApiKeys, (apiKeys) => Effect.flatMap(apiKeys.revoke(id), print(ApiKey))).pipe(onDatabase)
).pipe(Command.withDescription("Make an API key useless at once"))

const listKeys = Command.make("list", { limit }, ({ limit }) =>
  Effect.flatMap(ApiKeys, (apiKeys) =>
    Effect.flatMap(apiKeys.list(limit, undefined, undefined), ({ data }) => print(Schema.Array(ApiKey))(data))
  ).pipe(onDatabase)
).pipe(Command.withDescription("The newest API keys first, without their secrets"))

const paymentService = Command.make("payment-service").pipe(
  Command.withDescription("Card payments over HTTP, in front of the North / EPX gateway"),
  Command.withSubcommands([
    serveCommand,
    migrateCommand,
    simulateCommand,
    Command.make("merchants").pipe(
      Command.withDescription("Who takes payments"),
      Command.withSubcommands([createMerchant, listMerchants])
    ),
    Command.make("keys").pipe(
      Command.withDescription("API keys of merchants and operators"),
      Command.withSubcommands([createKey, revokeKey, listKeys])
    )
  ])
)

// The first signal begins an orderly end; a second one is from somebody who will not wait.
const signals = Effect.sync(() => {
  let seen = 0
  const onSignal = () => {
    seen += 1
    if (seen > 1) process.exit(1)
  }
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal)
})

/** Help that nobody asked for is part of a complaint; stdout is for what a script may read. */
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    Effect.gen(function* () {
      if (event._tag === "Version" || (event._tag === "Help" && event.reason === "Requested")) {
        return yield* CliOutput.defaultPresenter.present(event)
      }
      const formatter = yield* CliOutput.Formatter
      yield* Console.error(formatter.formatHelpDoc(event.helpDoc))
      if (event._tag === "InvalidInvocation") yield* Console.error(formatter.formatErrors(event.errors))
    })
})

/** What a person can mend is one message; anything else keeps its trace. */
const complain = (cause: Cause.Cause<unknown>) => {
  const failure = Option.getOrUndefined(Cause.findErrorOption(cause))
  return Cause.hasInterruptsOnly(cause) || Predicate.isTagged(failure, "ShowHelp")
    ? Effect.void
    : Console.error(failure instanceof Error ? failure.message : Cause.pretty(cause))
}

const builtIns = CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })

signals.pipe(
  Effect.andThen(Command.run(paymentService, { version: "0.1.0" })),
  Effect.tapCause(complain),
  Effect.provide([NodeServices.layer, NodeCrypto.layerSecureRandom, presenter, builtIns]),
  (program) =>
    NodeRuntime.runMain(program, {
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
    })
)
