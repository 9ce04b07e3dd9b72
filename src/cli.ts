import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit, Layer, Option, Predicate, Runtime } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { databaseOf, simulatorOf } from "./Backing.ts"
import { doctorCommand } from "./cli/DoctorCommand.ts"
import { exceptionsCommand } from "./cli/ExceptionsCommand.ts"
import { indexesCommand } from "./cli/IndexesCommand.ts"
import { keysCommand } from "./cli/KeysCommand.ts"
import { killSwitchesCommand } from "./cli/KillSwitchesCommand.ts"
import { merchantsCommand } from "./cli/MerchantsCommand.ts"
import { toStderr } from "./cli/OnDatabase.ts"
import { terminalsCommand } from "./cli/TerminalsCommand.ts"
import { tranNbrCommand } from "./cli/TranNbrCommand.ts"
import { serve } from "./Serve.ts"
import { InvalidSettings, loadSettings, type Settings } from "./Settings.ts"
import { Simulator } from "./simulator/Simulator.ts"
import { loggingLayer } from "./telemetry/Logging.ts"
import { tracingLayer, untracedLayer } from "./telemetry/Tracing.ts"
import { verifyCommand } from "./Verify.ts"

const observed = (settings: Settings) => {
  const format = Option.getOrElse(settings.LOG_FORMAT, () => (settings.isProduction ? "json" : "pretty"))
  const ratio = Option.getOrElse(settings.OTEL_TRACES_SAMPLER_ARG, () => (settings.isProduction ? 0.1 : 1))
  return Layer.merge(
    loggingLayer({ format, level: settings.LOG_LEVEL }),
    Option.match(settings.OTEL_EXPORTER_OTLP_ENDPOINT, {
      onNone: () => untracedLayer,
      onSome: (endpoint) => tracingLayer({ endpoint, ratio })
    })
  )
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

const paymentService = Command.make("payment-service").pipe(
  Command.withDescription("Card payments over HTTP, in front of the North / EPX gateway"),
  Command.withSubcommands([
    serveCommand,
    migrateCommand,
    simulateCommand,
    verifyCommand,
    doctorCommand,
    merchantsCommand,
    terminalsCommand,
    keysCommand,
    exceptionsCommand,
    killSwitchesCommand,
    tranNbrCommand,
    indexesCommand
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

const exitCodeOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return 0
  // Interruption is how most commands end well; one for which it is not has said so.
  if (Cause.hasInterruptsOnly(exit.cause)) return Number(process.exitCode ?? 0)
  const failure = Cause.squash(exit.cause)
  return Predicate.hasProperty(failure, Runtime.errorExitCode) ? Number(failure[Runtime.errorExitCode]) : 1
}

const builtIns = CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })

signals.pipe(
  Effect.andThen(Command.run(paymentService, { version: "0.1.0" })),
  Effect.tapCause(complain),
  Effect.provide([NodeServices.layer, NodeCrypto.layerSecureRandom, presenter, builtIns]),
  (program) =>
    NodeRuntime.runMain(program, {
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(exitCodeOf(exit))
    })
)
