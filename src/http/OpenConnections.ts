import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import { Bag } from "../running/Bag.ts"

interface Connection {
  readonly socket: Socket
  /** As many bytes as the system has taken of what was written. */
  taken: number
  stalled_ms: number
}

/** The connections of one listener. Nothing is done here for a request, only for a connection that comes or goes. */
export class OpenConnections {
  readonly #open = new Bag<Connection>()
  #accepted = 0

  get size(): number {
    return this.#open.size
  }

  get accepted(): number {
    return this.#accepted
  }

  readonly add = (socket: Socket): void => {
    this.#accepted++
    const take = this.#open.put({ socket, taken: 0, stalled_ms: 0 })
    socket.on("close", take)
  }

  /** Closes those whose client has taken nothing of its answer for so long. */
  closeStalled(passed_ms: number, limit_ms: number): void {
    for (const connection of this.#open) {
      const { socket } = connection
      const waiting = socket.writableLength
      const taken = waiting === 0 ? connection.taken : socket.bytesWritten - waiting
      const isStalled = waiting > 0 && taken === connection.taken
      connection.stalled_ms = isStalled ? connection.stalled_ms + passed_ms : 0
      connection.taken = taken
      if (connection.stalled_ms >= limit_ms) socket.destroy()
    }
  }

  /** Closes those on which nothing has ever been asked: Node takes them for busy, and would wait for them. */
  closeSilent(): void {
    for (const { socket } of this.#open) if (socket.bytesRead === 0 && !isHttp2(socket)) socket.destroy()
  }

  closeAll(): void {
    for (const { socket } of this.#open) socket.destroy()
  }
}

// Its sessions are told that the service closes.
const isHttp2 = (socket: Socket | TLSSocket) => "alpnProtocol" in socket && socket.alpnProtocol === "h2"
