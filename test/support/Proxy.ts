import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"
import type { LocalDatabase } from "../../src/local/LocalDatabase.ts"

/** A way to Postgres over TCP that can be cut. */
export interface Proxy {
  readonly port: number
  /** Ends every connection and takes no new one, until it is mended. */
  readonly cut: Effect.Effect<void>
  readonly mend: Effect.Effect<void>
  /** Lets nothing through any more and ends nothing, as a network that has gone. */
  readonly hush: Effect.Effect<void>
  /** The same for the connection alone by which most has been asked. */
  readonly hushBusiest: Effect.Effect<void>
}

export const makeProxy = Effect.fnUntraced(function* ({ host, port }: LocalDatabase) {
  const open = new Set<Socket>()
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>()
  const state = { isCut: false }
  const server = createServer((client) => {
    if (state.isCut) return void client.destroy()
    const upstream = connect(`${host}/.s.PGSQL.${port}`)
    pairs.add([client, upstream])
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      open.add(socket)
      socket.on("error", () => other.destroy())
      socket.on("close", () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  const endAll = Effect.sync(() => {
    for (const socket of open) socket.destroy()
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.andThen(
        endAll,
        Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
      )
  )
  const address = server.address()
  const set = (isCut: boolean) => Effect.sync(() => void Object.assign(state, { isCut }))
  const proxy: Proxy = {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut: Effect.andThen(set(true), endAll),
    mend: set(false),
    hush: Effect.sync(() => {
      for (const socket of open) socket.unpipe().pause()
    }),
    hushBusiest: Effect.sync(() => {
      const [busiest] = [...pairs].toSorted(([a], [b]) => b.bytesRead - a.bytesRead)
      for (const socket of busiest ?? []) socket.unpipe().pause()
    })
  }
  return proxy
})
