import { connect, isIP } from "node:net"
import { connect as connectTls } from "node:tls"
import { Effect, Option, Predicate, Schema } from "effect"
import type { ConnectionOptions } from "./Connections.ts"

/** What was agreed on with a server, and until when its certificate holds; nothing of that over plain HTTP. */
export interface Handshake {
  readonly tls: Option.Option<{ readonly version: string; readonly validUntil_ms: number }>
}

/** No connection came about, or its certificate is not to be trusted. `code` is that of Node or OpenSSL. */
export class NoHandshake extends Schema.TaggedError<NoHandshake>()("NoHandshake", {
  code: Schema.String,
  message: Schema.String
}) {}

/**
 * Connects as calls do, and hangs up. Nothing is sent but the handshake of TLS: whatever request EPX got might be taken
 * for a transaction.
 */
export const handshake = (url: URL, { ca }: Pick<ConnectionOptions, "ca"> = {}) =>
  Effect.callback<Handshake, NoHandshake>((resume) => {
    const host = url.hostname.replace(/^\[|\]$/g, "")
    const isPlain = url.protocol === "http:"
    const to = { host, port: Number(url.port || (isPlain ? 80 : 443)) }
    const socket = isPlain ? connect(to) : connectTls({ ...to, ...tlsOptions(host, ca) })
    socket.on("error", (error) => resume(Effect.fail(noHandshake(error))))
    socket.once(isPlain ? "connect" : "secureConnect", () => {
      const tls = "getProtocol" in socket ? Option.some(agreed(socket)) : Option.none()
      // What is still to be written is the end of the handshake.
      socket.destroySoon()
      resume(Effect.succeed({ tls }))
    })
    return Effect.sync(() => socket.destroy())
  })

// As undici does for the calls.
const tlsOptions = (host: string, ca: string | undefined) => ({
  ...(isIP(host) === 0 ? { servername: host } : {}),
  ...(ca === undefined ? {} : { ca }),
  ALPNProtocols: ["http/1.1"],
  rejectUnauthorized: true
})

const agreed = (socket: ReturnType<typeof connectTls>) => ({
  version: socket.getProtocol() ?? "TLS",
  validUntil_ms: socket.getPeerX509Certificate()?.validToDate.getTime() ?? Number.POSITIVE_INFINITY
})

// Where each of several addresses was tried, the message is empty.
const noHandshake = (error: Error) => {
  const code = Predicate.hasProperty(error, "code") ? String(error.code) : ""
  return new NoHandshake({ code, message: error.message === "" ? code : error.message })
}
