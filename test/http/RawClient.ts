import { connect, type Socket } from "node:net"
import { Effect } from "effect"

/** A connection of which a test sends and reads every byte itself. */
interface RawClient {
  readonly socket: Socket
  readonly received: () => string
  readonly write: (text: string) => Effect.Effect<void>
  /** Sends it one byte at a time, for as long as the connection stands. */
  readonly trickle: (text: string, pause_ms: number) => Effect.Effect<void>
  readonly isOpen: () => boolean
  /** Done when the server has closed it. */
  readonly closed: Effect.Effect<void>
}

/** Connects to the server at the origin, until the scope closes. */
export const rawClient = (origin: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Socket, Error>((resume) => {
        const { hostname, port } = new URL(origin)
        const socket = connect(Number(port), hostname)
        socket.on("error", (error) => resume(Effect.fail(error)))
        socket.on("connect", () => resume(Effect.succeed(socket)))
      }),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    clientOf
  )

const clientOf = (socket: Socket): RawClient => {
  let received = ""
  const ended = new Promise<void>((resolve) => void socket.on("close", () => resolve()))
  socket.setEncoding("utf8").on("data", (text) => {
    received += text
  })
  const isOpen = () => !socket.destroyed && !socket.readableEnded
  const write = (text: string) => Effect.sync(() => void (isOpen() && socket.write(text)))
  return {
    socket,
    received: () => received,
    write,
    trickle: (text, pause_ms) =>
      Effect.forEach(
        text,
        (letter) => (isOpen() ? Effect.andThen(write(letter), Effect.sleep(pause_ms)) : Effect.void),
        { discard: true }
      ),
    isOpen,
    closed: Effect.promise(() => ended)
  }
}

/** A request of HTTP/1.1 up to the end of its headers. */
export const head = (first: string, headers: Readonly<Record<string, string | number>> = {}) =>
  `${first} HTTP/1.1\r\n${Object.entries({ host: "localhost", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`
