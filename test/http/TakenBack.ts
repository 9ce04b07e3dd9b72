import { constants } from "node:http2"
import { connect } from "node:tls"
import { Effect } from "effect"
import { TestCertificates } from "../../src/simulator/TestCertificates.ts"

// RFC 9113, section 6, and RFC 7541, section 6.2.2: Node's client ends a request before it takes it back.
const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const literal = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])

const field = ([name, value]: readonly [string, string]) =>
  Buffer.concat([Buffer.from([0]), literal(name), literal(value)])

const endOfStream = 0x1
const endOfHeaders = 0x4
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

interface Request {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether it says that this was all of the body, which it is. */
  readonly isEnded: boolean
}

/** Sends a request by HTTP/2 and takes it back before it is answered. */
export const takeBack = (origin: string, { body, headers, isEnded }: Request) =>
  Effect.gen(function* () {
    const { hostname, port } = new URL(origin)
    const socket = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof connect>>((resume) => {
        const options = { host: hostname, port: Number(port), ca: TestCertificates.authority, ALPNProtocols: ["h2"] }
        const opened = connect(options, () => resume(Effect.succeed(opened)))
        opened.on("error", () => {}).resume()
      }),
      (opened) => Effect.sync(() => opened.destroy())
    )
    const fields = { ":method": "POST", ":scheme": "https", ":authority": "localhost", ...headers }
    const write = (...frames: ReadonlyArray<Buffer>) => Effect.sync(() => void socket.write(Buffer.concat(frames)))
    yield* write(
      preface,
      frame(0x4, 0, 0, Buffer.alloc(0)),
      frame(0x1, endOfHeaders, 1, Buffer.concat(Object.entries(fields).map(field))),
      frame(0x0, isEnded ? endOfStream : 0, 1, Buffer.from(body))
    )
    // So that it has been read as far as it goes.
    yield* Effect.sleep("100 millis")
    yield* write(frame(0x3, 0, 1, Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL])))
    yield* Effect.sleep("100 millis")
  })
