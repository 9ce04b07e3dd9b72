import net from "node:net"
import tls from "node:tls"
import { Deferred, Effect, type Scope } from "effect"

/** Form fields of one request. */
export type Form = { readonly [field: string]: string }

/** A four-part key and its spelling in the control plane. */
export const key = { CUST_NBR: "7000", MERCH_NBR: "700010", DBA_NBR: "1", TERMINAL_NBR: "1" }
export const keyText = "7000-700010-1-1"

/** A sale by the published Visa BRIC. */
export const sale: Form = {
  ...key,
  TRAN_TYPE: "CCE1",
  AMOUNT: "12.00",
  BATCH_ID: "20260314",
  TRAN_NBR: "1001",
  ORIG_AUTH_GUID: "09LTESTVISA00000001",
  CARD_ENT_METH: "Z",
  INDUSTRY_TYPE: "E",
  USER_DATA_1: "pay_0001"
}

/** The timeout reversal of a request. */
export const timeoutReversal = (form: Form): Form => ({
  ...key,
  TRAN_TYPE: "CCE7",
  BATCH_ID: form.BATCH_ID ?? "",
  TRAN_NBR: form.TRAN_NBR ?? ""
})

/** One raw connection, as a client without an HTTP library sees it. */
export interface Connection {
  /** Everything received so far. */
  readonly received: () => Buffer
  readonly isClosed: () => boolean
  /** Sends a request; the connection stays open for more. */
  readonly send: (form: Form) => Effect.Effect<void>
  /** Waits until at least so many bytes have come. */
  readonly arrived: (bytes: number) => Effect.Effect<void>
  /** How the connection ended: in order, or with the error's code. */
  readonly closed: Effect.Effect<string>
}

export interface Target {
  readonly url: URL
  /** The certificate to trust; without it, and with an https URL, Node's own list. */
  readonly authority?: string
}

const encode = (form: Form, connection: string): string => {
  const body = new URLSearchParams(form).toString()
  return [
    "POST / HTTP/1.1",
    "Host: simulator",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${body.length}`,
    `Connection: ${connection}`,
    "",
    body
  ].join("\r\n")
}

const connectSocket = ({ url, authority }: Target): net.Socket =>
  url.protocol === "https:"
    ? tls.connect({ host: url.hostname, port: Number(url.port), ...(authority === undefined ? {} : { ca: authority }) })
    : net.connect({ host: url.hostname, port: Number(url.port) })

/** Connects; it does not wait for the connection to stand. */
export const connect = (target: Target): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.gen(function* () {
    const closed = yield* Deferred.make<string>()
    const chunks: Array<Buffer> = []
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => connectSocket(target)),
      (socket) => Effect.sync(() => socket.destroy())
    )
    let failure = "ended"
    socket.on("data", (chunk: Buffer) => chunks.push(chunk))
    socket.on("error", (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message
    })
    socket.on("close", () => Deferred.doneUnsafe(closed, Effect.succeed(failure)))
    const received = () => Buffer.concat(chunks)
    return {
      received,
      isClosed: () => socket.destroyed,
      send: (form) => Effect.sync(() => void socket.write(encode(form, "keep-alive"))),
      arrived: (bytes) =>
        Effect.callback<void>((resume) => {
          const check = () => {
            if (received().length < bytes) return
            socket.off("data", check)
            resume(Effect.void)
          }
          socket.on("data", check)
          check()
        }),
      closed: Deferred.await(closed)
    }
  })

/** What came back for one request on a connection of its own. */
export interface Reception {
  readonly end: string
  readonly raw: Buffer
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: Buffer
}

const split = (end: string, raw: Buffer): Reception => {
  const head = raw.indexOf("\r\n\r\n")
  const [first = "", ...lines] = raw.subarray(0, Math.max(0, head)).toString("latin1").split("\r\n")
  const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(": ")))
  return { end, raw, status: Number(first.split(" ")[1] ?? 0), headers, body: raw.subarray(head < 0 ? 0 : head + 4) }
}

/** Sends one request and waits until the simulator has closed the connection. */
export const post = (target: Target, form: Form): Effect.Effect<Reception> =>
  Effect.scoped(
    Effect.gen(function* () {
      const connection = yield* connect(target)
      yield* connection.send(form)
      const end = yield* connection.closed
      return split(end, connection.received())
    })
  )

/** The fields of a document, in order. */
export const entriesOf = (xml: string): ReadonlyArray<readonly [string, string]> =>
  [...xml.matchAll(/<FIELD KEY="([^"]*)">([^<]*)<\/FIELD>/g)].map(([, name = "", value = ""]) => [name, value] as const)

/** The fields of an answer by name. */
export const fieldsOf = (reception: Reception): Form => Object.fromEntries(entriesOf(reception.body.toString("utf8")))

/** Sends one request and reads the fields of the answer. */
export const ask = (target: Target, form: Form): Effect.Effect<Form> => Effect.map(post(target, form), fieldsOf)

/** Lets sockets and timers run until the condition holds; the test's own time limit is the only end. */
export const until = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  condition.pipe(Effect.andThen((holds) => (holds ? Effect.void : Effect.andThen(Effect.yieldNow, until(condition)))))
