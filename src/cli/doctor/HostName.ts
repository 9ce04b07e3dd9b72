import { isIP } from "node:net"
import { Effect, Schema } from "effect"
import { run } from "../../local/Program.ts"

/** The name of a host leads nowhere. */
export class NoAddress extends Schema.TaggedError<NoAddress>()("NoAddress", { code: Schema.String }) {
  override get message() {
    return `its name cannot be resolved (${this.code})`
  }
}

const program = `require("node:dns").lookup(process.argv[1], (error) => {
  if (error) console.log(error.code)
  process.exitCode = error ? 1 : 0
})`

/**
 * Sees whether the name of a host can be resolved, in a process of its own: a look-up cannot be given up, and a process
 * does not end, not even when it is told to exit, before its own have.
 */
export const resolve = (host: string, lookUp = program) =>
  isIP(host) === 0
    ? run(process.execPath, ["-e", lookUp, host], undefined).pipe(
        Effect.mapError(({ message }) => new NoAddress({ code: message })),
        Effect.asVoid
      )
    : Effect.void
