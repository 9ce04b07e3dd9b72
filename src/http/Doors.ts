import { createServer, type Server } from "node:net"
import { Effect, Predicate, type Scope } from "effect"

interface Address {
  readonly host: string
  readonly port: number
  /** Whether others may listen there as well. */
  readonly reusePort?: boolean
}

interface Doors {
  /** Where the server itself is to listen. */
  readonly address: Address
  /** Opens the others, once the server listens. They close with it. */
  readonly open: Effect.Effect<void>
}

/** Connections that are taken in one turn of the event loop. */
const count = 8

/**
 * Node takes one connection of a listening socket in each turn of its event loop, however many wait: of a thousand
 * clients that come back at once to a process whose turns take ten milliseconds, the last would wait for ten seconds.
 * So several sockets listen at one port, and the system shares the connections out among them. Where it cannot, there
 * is one.
 *
 * Fails where somebody listens already, who would otherwise be taken half of what comes.
 */
export const makeDoors = Effect.fnUntraced(function* (
  server: Server,
  { host, port, maxConnections }: { readonly host: string; readonly port: number; readonly maxConnections: number }
) {
  const isShared = yield* canShare(host)
  yield* Effect.scoped(listening({ host, port }))
  const alone: Doors = { address: { host, port }, open: Effect.void }
  if (!isShared) return alone
  const doors = Array.from({ length: count - 1 }, () => createServer(likeThatOf(server)))
  const tell = (door: Server, event: string) => door.on(event, (...details) => server.emit(event, ...details))
  for (const door of doors) for (const event of ["connection", "drop"]) tell(door, event)
  limitTogether(server, doors, maxConnections)
  closeTogether(server, doors)
  const openOne = (address: Address) => (door: Server) =>
    Effect.matchEffect(bind(door, address), {
      onFailure: ({ message }) =>
        Effect.annotateLogs(Effect.logWarning("Listening by one socket less"), { problem: message }),
      onSuccess: () => Effect.sync(() => tell(door, "error"))
    })
  const open = Effect.suspend(() => Effect.forEach(doors, openOne({ ...addressOf(server), reusePort: true })))
  const made: Doors = { address: { host, port, reusePort: true }, open: Effect.asVoid(open) }
  return made
})

const bind = (server: Server, address: Address): Effect.Effect<Server, Error> =>
  Effect.callback((resume) => {
    const onError = (error: Error) => resume(Effect.fail(error))
    server.once("error", onError)
    server.listen(address, () => {
      server.off("error", onError)
      resume(Effect.succeed(server))
    })
  })

const listening = (address: Address): Effect.Effect<Server, Error, Scope.Scope> =>
  Effect.acquireRelease(
    // Whoever comes meanwhile would keep it from closing.
    Effect.suspend(() =>
      bind(
        createServer((socket) => socket.destroy()),
        address
      )
    ),
    (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  )

/** Not every system can, nor every version of Node. */
const canShare = (host: string): Effect.Effect<boolean> =>
  listening({ host, port: 0, reusePort: true }).pipe(
    Effect.flatMap((first) => listening({ ...addressOf(first), reusePort: true })),
    Effect.scoped,
    Effect.isSuccess
  )

const addressOf = (server: Server): Pick<Address, "host" | "port"> => {
  const bound = server.address()
  return typeof bound === "object" && bound !== null ? { host: bound.address, port: bound.port } : { host: "", port: 0 }
}

/** How the server would set up its own connections; it says so, but its type does not. */
const likeThatOf = (server: Server) => {
  const is = (option: string) => Predicate.hasProperty(server, option) && server[option] === true
  return { allowHalfOpen: is("allowHalfOpen"), noDelay: is("noDelay") }
}

/** Node would count the connections of each by itself. The server is told of all of them. */
const limitTogether = (server: Server, doors: ReadonlyArray<Server>, maxConnections: number): void => {
  const open = new Map([server, ...doors].map((each) => [each, 0]))
  const total = () => open.get(server) ?? 0
  const limit = (each: Server, own: () => number) => {
    each.on("connection", (socket) => {
      open.set(each, (open.get(each) ?? 0) + 1)
      socket.once("close", () => open.set(each, (open.get(each) ?? 0) - 1))
    })
    // What it has, and what there is room for.
    Object.defineProperty(each, "maxConnections", { get: () => own() + maxConnections - total() })
  }
  for (const door of doors) limit(door, () => open.get(door) ?? 0)
  limit(server, () => doors.reduce((left, door) => left - (open.get(door) ?? 0), total()))
}

/** The server has closed when no door has a connection left. */
const closeTogether = (server: Server, doors: ReadonlyArray<Server>): void => {
  const close = server.close.bind(server)
  server.close = (done) => {
    let left = doors.length + 1
    const onClose = (error?: Error) => {
      if (--left === 0) done?.(error)
    }
    for (const door of doors) door.close(() => onClose())
    return close(onClose)
  }
}
