import { Console, Effect, Fiber, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { examineSettings } from "../Settings.ts"
import { loggingLayer } from "../telemetry/Logging.ts"
import { judgeConfiguration } from "./doctor/Configuration.ts"
import { checkDatabase } from "./doctor/DatabaseChecks.ts"
import { type Finding, lineOf, Report, reportOf } from "./doctor/Finding.ts"
import { checkGateways } from "./doctor/Gateway.ts"
import { findKeys } from "./doctor/Keys.ts"
import { checkMachine } from "./doctor/Machine.ts"
import { print, toStderr } from "./OnDatabase.ts"

/** The service cannot run as things are; why, the findings say. */
class NotFit extends Schema.TaggedError<NotFit>()("NotFit", { checks: Schema.Array(Schema.String) }) {
  override get message() {
    return `The service cannot run like this: ${this.checks.join(", ")}.`
  }
}

/** Whoever asks must not take silence for health. */
const brokenOff = Effect.andThen(
  Console.error("Broken off before everything was looked at."),
  Effect.sync(() => {
    process.exitCode = 1
  })
)

const flags = {
  json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Print one JSON object")),
  processes: Flag.Int("processes").pipe(
    Flag.withDefault(1),
    Flag.filter(
      (n) => n >= 1 && n <= 1_000,
      () => "1 to 1000"
    ),
    Flag.withDescription("How many processes of the service are to share the database")
  )
}

/** All checks, each of which ends within its limit. */
const checksOf = Effect.fnUntraced(function* (processes: number) {
  const { problems, settings } = yield* examineSettings
  const { findings, keys } = yield* findKeys(settings, problems)
  return [
    Effect.succeed([...judgeConfiguration(settings, problems), ...findings]),
    checkDatabase({ settings, problems, keys, processes }),
    ...checkGateways(settings),
    checkMachine
  ]
})

/** Findings are told as soon as all before them are known. */
const examine = Effect.fnUntraced(function* (processes: number, tell: (finding: Finding) => Effect.Effect<void>) {
  const fibers = yield* Effect.forEach(yield* checksOf(processes), (check) => Effect.forkChild(check))
  const findings = yield* Effect.forEach(fibers, (fiber) =>
    Effect.tap(Fiber.join(fiber), (found) => Effect.forEach(found, tell, { discard: true }))
  )
  return reportOf(findings.flat())
})

const silent = () => Effect.void

export const doctorCommand = Command.make("doctor", flags, ({ json, processes }) =>
  examine(processes, json ? silent : (finding) => Console.log(lineOf(finding))).pipe(
    Effect.onInterrupt(() => brokenOff),
    Effect.tap((report) => (json ? print(Report)(report) : Effect.void)),
    Effect.flatMap(({ findings }) => {
      const failed = findings.filter(({ status }) => status === "failed").map(({ check }) => check)
      return failed.length === 0 ? Effect.void : Effect.fail(new NotFit({ checks: [...new Set(failed)] }))
    }),
    Effect.provide(loggingLayer({ format: "pretty", level: "Warn" })),
    toStderr
  )
).pipe(
  Command.withDescription(
    "Look whether the service can run with this configuration, and change nothing: exit code 1 if it cannot"
  )
)
