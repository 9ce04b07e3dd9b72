import type { Server } from "node:http"
import type { Socket } from "node:net"
import { Effect, Schema, type Scope } from "effect"

/** The port cannot be bound; nothing was started. */
export class PortUnavailable extends Schema.TaggedError<PortUnavailable>()("PortUnavailable", {
  port: Schema.Int,
  /** The environment variable that chooses the port. */
  variable: Schema.String,
  /** Node's error code, such as EADDRINUSE. */
  code: Schema.String
}) {
  override get message(): string {
    const what = this.code === "EADDRINUSE" ? "is in use" : `cannot be opened (${this.code})`
    return `Port ${this.port} ${what}. Set ${this.variable} to another port.`
  }
}

/** Where to listen, and the environment variable to name when that fails. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly variable: string
}

/** A bound port. It closes with its scope, open connections and all. */
export interface Listener {
  readonly port: number
  /** New connections are refused by the kernel until `accept`. */
  refuse(): void
  accept(): void
  /** Ends a connection with a TCP reset, under TLS as well. */
  reset(socket: Socket): void
}

const bind = (server: Server, { host, port, variable }: Address): Effect.Effect<number, PortUnavailable> =>
  Effect.callback((resume) => {
    const onError = (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new PortUnavailable({ port, variable, code: error.code ?? error.message })))
    server.once("error", onError)
    server.listen({ host, port }, () => {
      server.off("error", onError)
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : port))
    })
  })

const close = (server: Server, sockets: ReadonlySet<Socket>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    for (const socket of sockets) socket.destroy()
  })

/** Binds the server. The port of an address may be 0: any free one. */
export const listen = (server: Server, address: Address): Effect.Effect<Listener, PortUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    server.on("connection", (socket: Socket) => {
      sockets.add(socket)
      // Clients reset connections; without a listener that would end the process.
      socket.on("error", () => socket.destroy())
      socket.once("close", () => sockets.delete(socket))
    })
    const port = yield* Effect.acquireRelease(bind(server, address), () => close(server, sockets))
    // Only another process that took the port while it was closed can cause this: it stays closed until asked again.
    server.on("error", () => undefined)
    return {
      port,
      accept: () => {
        if (!server.listening) server.listen({ host: address.host, port })
      },
      refuse: () => {
        if (server.listening) server.close()
      },
      reset: (socket) => {
        const isSame = (raw: Socket) =>
          raw.remotePort === socket.remotePort && raw.remoteAddress === socket.remoteAddress
        const raw = [...sockets].find(isSame) ?? socket
        raw.resetAndDestroy()
      }
    }
  })
