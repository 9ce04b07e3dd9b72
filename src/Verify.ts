import { Cause, Console, Effect, Exit, Layer, Logger, Option, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { FetchHttpClient } from "effect/http"
import { databaseOf } from "./Backing.ts"
import { MerchantIds } from "./domain/Ids.ts"
import { Database } from "./postgres/Database.ts"
import { loadSettings } from "./Settings.ts"
import { loggingLayer } from "./telemetry/Logging.ts"
import { BooksRepo } from "./verification/BooksRepo.ts"
import { readGateway } from "./verification/ControlPlane.ts"
import { Report, reportText } from "./verification/Report.ts"
import { Verification } from "./verification/Verification.ts"

/** There are differences; which, the report says. */
class DifferencesFound extends Schema.TaggedError<DifferencesFound>()("DifferencesFound", { count: Schema.Int }) {
  override readonly [Runtime.errorExitCode] = 1
  override get message() {
    return `The books do not agree: ${this.count} differences`
  }
}

/** Nothing is known: not all of the books could be read. */
class NotVerified extends Schema.TaggedError<NotVerified>()("NotVerified", { cause: Schema.Defect() }) {
  override readonly [Runtime.errorExitCode] = 2
  override get message() {
    return `The books could not be checked: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

const flags = {
  simulator: Flag.String("simulator").pipe(
    Flag.withSchema(Schema.URLFromString),
    Flag.optional,
    Flag.withDescription("Where the simulator is steered, such as http://127.0.0.1:8091; its books are compared too")
  ),
  merchant: Flag.String("merchant").pipe(
    Flag.withSchema(MerchantIds.Id),
    Flag.optional,
    Flag.withDescription("Whose books; without it, everybody's")
  ),
  format: Flag.Literals("format", ["text", "json"]).pipe(
    Flag.withDefault("text"),
    Flag.withDescription("How the report is printed")
  )
}

export const verifyCommand = Command.make("verify", flags, ({ format, merchant, simulator }) =>
  Effect.gen(function* () {
    const { connection } = yield* databaseOf(yield* loadSettings)
    const database = Database.layer({
      connection,
      pipelinedConnections: 1,
      plainConnections: 1,
      checkoutTimeout: "2 seconds"
    })
    const services = Verification.layer.pipe(Layer.provide(BooksRepo.layer), Layer.provide(database))
    const gateway = Option.getOrNull(Option.map(simulator, readGateway))
    const verified = Effect.flatMap(Verification, ({ verify }) => verify(Option.getOrNull(merchant), gateway))
    return yield* Effect.provide(verified, [services, FetchHttpClient.layer])
  }).pipe(
    Effect.scoped,
    Effect.provide(loggingLayer({ format: "pretty", level: "Warn" })),
    Effect.provideService(Logger.LogToStderr, true),
    // A bug in the check must not pass for a difference.
    Effect.exit,
    Effect.flatMap((exit) => {
      if (Exit.isSuccess(exit)) return Effect.succeed(exit.value)
      return Cause.hasInterruptsOnly(exit.cause)
        ? Effect.interrupt
        : Effect.fail(new NotVerified({ cause: Cause.squash(exit.cause) }))
    }),
    Effect.tap((report) => Console.log(format === "json" ? encodeReport(report) : reportText(report))),
    Effect.flatMap(({ violations: { length } }) =>
      length === 0 ? Effect.void : Effect.fail(new DifferencesFound({ count: length }))
    )
  )
).pipe(
  Command.withDescription(
    "Check the books against themselves and the simulator's: exit code 1 for differences, 2 if they cannot be checked"
  )
)

const encodeReport = Schema.encodeSync(Schema.fromJsonString(Report))
