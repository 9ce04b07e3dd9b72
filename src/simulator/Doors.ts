import type { Server as TlsServer } from "node:https"
import type { Socket } from "node:net"
import { Effect, Result } from "effect"
import type { ListenerFault } from "./faults/ListenerFault.ts"
import type { Listener } from "./Listener.ts"
import { TestCertificates } from "./TestCertificates.ts"

/** The gateway's listeners, as faults see them: all of them close and open together. */
export class Doors {
  readonly #run: (effect: Effect.Effect<unknown>) => void
  readonly #listeners: Array<Listener> = []
  #tls: TlsServer | undefined
  #endOfCertificate: (() => void) | undefined

  /** `run` must end with the simulator. */
  constructor(run: (effect: Effect.Effect<unknown>) => void) {
    this.#run = run
  }

  add(listener: Listener, tls?: TlsServer): void {
    this.#listeners.push(listener)
    this.#tls ??= tls
  }

  /** A TCP reset, whichever listener the connection belongs to. */
  reset(socket: Socket): void {
    for (const listener of this.#listeners) if (listener.port === socket.localPort) listener.reset(socket)
  }

  /** Without a time: until `restore`. */
  refuse(forMs?: number): void {
    for (const listener of this.#listeners) listener.refuse()
    if (forMs === undefined) return
    const reopen = Effect.sync(() => this.#accept())
    this.#run(Effect.delay(reopen, forMs))
  }

  apply(fault: ListenerFault, times: number, onUse: () => void): Result.Result<void, string> {
    if (fault.kind === "refuse") {
      this.refuse(fault.forMs)
      onUse()
      return Result.void
    }
    if (this.#tls === undefined) return Result.fail(`${fault.name} needs the TLS listener, and there is no TLS port`)
    this.#present(this.#tls, TestCertificates[fault.certificate], times, onUse)
    return Result.void
  }

  /** Ends every fault of the listeners. */
  restore(): void {
    this.#accept()
    this.#endOfCertificate?.()
  }

  #present(tls: TlsServer, certificate: string, times: number, onUse: () => void): void {
    this.#endOfCertificate?.()
    tls.setSecureContext({ key: TestCertificates.key, cert: certificate })
    let left = times
    const onConnection = () => {
      onUse()
      left -= 1
      if (left === 0) this.#endOfCertificate?.()
    }
    // The server itself took the certificate for this connection before this listener runs.
    tls.on("connection", onConnection)
    this.#endOfCertificate = () => {
      tls.off("connection", onConnection)
      tls.setSecureContext({ key: TestCertificates.key, cert: TestCertificates.trusted })
      this.#endOfCertificate = undefined
    }
  }

  #accept(): void {
    for (const listener of this.#listeners) listener.accept()
  }
}
