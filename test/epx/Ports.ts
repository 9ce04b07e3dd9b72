import { readFileSync } from "node:fs"
import net from "node:net"
import tls from "node:tls"
import { Worker } from "node:worker_threads"
import { Deferred, Effect, type Scope } from "effect"

const pem = (name: string): string => readFileSync(new URL(`../support/tls/${name}`, import.meta.url), "utf8")

export const testCertificate = pem("cert.pem")
/** For another name than the one that the tests connect to. */
export const foreignCertificate = pem("elsewhere.pem")
const testKey = pem("key.pem")

/** What a server under test has seen. */
export interface Port {
  readonly port: number
  /** Request bytes received, decrypted; TLS handshakes do not count. */
  readonly received: () => string
  readonly connections: () => number
  readonly open: () => number
  /** Done when the first request byte arrives. */
  readonly hit: Deferred.Deferred<void>
  /** Done when a connection that carried a request byte is closed. */
  readonly closed: Deferred.Deferred<void>
}

type Behaviour = (socket: net.Socket, data: Buffer, count: number) => void

interface PortOptions {
  /** Makes it a TLS server. */
  readonly certificate?: string
  readonly onConnection?: (socket: net.Socket) => void
  readonly onData?: Behaviour
}

/** A listener on a free port of the loopback interface, closed with all its sockets at the end of the scope. */
export const listen = (options: PortOptions): Effect.Effect<Port, never, Scope.Scope> =>
  Effect.gen(function* () {
    const hit = yield* Deferred.make<void>()
    const closed = yield* Deferred.make<void>()
    const sockets = new Set<net.Socket>()
    let received = ""
    let connections = 0
    let chunks = 0
    const onSocket = (socket: net.Socket) => {
      connections++
      let carried = false
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        if (carried) Deferred.doneUnsafe(closed, Effect.void)
      })
      socket.on("data", (data) => {
        carried = true
        received += data.toString("latin1")
        Deferred.doneUnsafe(hit, Effect.void)
        options.onData?.(socket, data, ++chunks)
      })
      options.onConnection?.(socket)
    }
    const server =
      options.certificate === undefined
        ? net.createServer(onSocket)
        : tls.createServer({ key: testKey, cert: options.certificate }, onSocket).on("tlsClientError", () => {})
    const port = yield* bind(server)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
      })
    )
    return { port, received: () => received, connections: () => connections, open: () => sockets.size, hit, closed }
  })

const bind = (server: net.Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close())
  )

/** A port on which nobody listens. */
export const closedPort: Effect.Effect<number> = Effect.scoped(bind(net.createServer()))

/** Passes bytes on to `target` after a delay, so that a TLS handshake takes that long. */
export const delayed = (target: number, delay_ms: number): Effect.Effect<Port, never, Scope.Scope> =>
  listen({
    onConnection: (socket) => {
      socket.pause()
      setTimeout(() => {
        const onward = net.connect(target, "127.0.0.1")
        onward.on("error", () => socket.destroy())
        socket.on("close", () => onward.destroy())
        onward.on("close", () => socket.destroy())
        socket.pipe(onward).pipe(socket)
      }, delay_ms)
    }
  })

/** A port whose connection queue is full and never emptied: the kernel answers no further SYN. */
export const blackhole: Effect.Effect<number, never, Scope.Scope> = Effect.gen(function* () {
  const worker = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new Worker(
          `const { parentPort } = require("node:worker_threads")
           const server = require("node:net").createServer()
           server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
             parentPort.postMessage(server.address().port)
             parentPort.on("message", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
           })`,
          { eval: true }
        )
    ),
    (worker) => Effect.promise(() => worker.terminate())
  )
  const port = yield* Effect.callback<number>((resume) => {
    worker.once("message", (port: number) => resume(Effect.succeed(port)))
  })
  worker.postMessage("stop accepting")
  yield* Effect.sleep("100 millis")
  const fillers = Array.from({ length: 4 }, () => net.connect(port, "127.0.0.1").on("error", () => {}))
  yield* Effect.addFinalizer(() => Effect.sync(() => fillers.forEach((filler) => void filler.destroy())))
  yield* Effect.sleep("100 millis")
  return port
})

/** A complete HTTP answer. */
export const httpAnswer = (body: string, status = "200 OK", headers: ReadonlyArray<string> = []): string =>
  [`HTTP/1.1 ${status}`, `content-length: ${Buffer.byteLength(body)}`, ...headers, "", body].join("\r\n")
