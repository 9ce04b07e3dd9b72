import { Effect, Scope } from "effect"
import { type Environment, launch, type Program } from "../process/Program.ts"
import { freePorts } from "../support/Ports.ts"

/** One process of the service, which is started again when it is killed, at the same address. */
export const startService = Effect.fnUntraced(function* (env: Environment) {
  const [port, opsPort] = yield* freePorts(2)
  // Whoever starts it again, it ends with the run.
  const scope = yield* Effect.scope
  const programs: Array<Program> = []
  const start = Effect.gen(function* () {
    const program = yield* launch(["serve"], { ...env, PORT: `${port}`, OPS_PORT: `${opsPort}` })
    programs.push(program)
    yield* program.prints("Stop with Ctrl-C.").pipe(Effect.timeout("70 seconds"))
    return program
  }).pipe(Effect.provideService(Scope.Scope, scope))
  let program: Program = yield* start
  const service = {
    url: `http://127.0.0.1:${port}`,
    signal: (name: NodeJS.Signals) => Effect.suspend(() => program.signal(name)),
    /** Kills it, and lets some time go by before the next one starts. */
    replace: (pause_ms: number) =>
      Effect.gen(function* () {
        yield* program.signal("SIGKILL")
        yield* program.ended
        yield* Effect.sleep(pause_ms)
        // The database may be gone as well, for longer than a start waits for it.
        program = yield* start.pipe(Effect.catchDefect(() => Effect.andThen(Effect.sleep("2 seconds"), start)))
      }),
    /** All that was ever printed there. */
    log: () => programs.map(({ stderr, stdout }) => `${stdout()}\n${stderr()}`).join("\n")
  }
  return service
})

export type Service = Effect.Success<ReturnType<typeof startService>>
