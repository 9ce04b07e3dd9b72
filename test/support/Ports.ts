import { createServer } from "node:net"
import { Effect } from "effect"

/**
 * Ports that nobody listens on. They lie below the range from which the system takes ports for outgoing connections, so
 * that none of those can take one before the program that it is meant for.
 */
export const freePorts = (count: number) =>
  Effect.gen(function* () {
    const found = new Set<number>()
    while (found.size < count) {
      const port = 20_000 + Math.floor(Math.random() * 12_000)
      if (yield* isFree(port)) found.add(port)
    }
    return [...found]
  })

const isFree = (port: number) => Effect.scoped(Effect.isSuccess(occupy(port)))

/** Listens on the port until the scope closes. */
export const occupy = (port: number) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>, unknown>((resume) => {
      const server = createServer()
      server.once("error", (error) => resume(Effect.fail(error)))
      server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
      })
  )
