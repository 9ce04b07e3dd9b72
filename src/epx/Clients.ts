import { buildConnector, Client, type Dispatcher } from "@effect/platform-node/Undici"

/**
 * Clients of undici for one origin that closes each connection after its answer, as many as have been busy at a time:
 * who calls sees to it that they are not too many. undici's own pool looks through all of its clients at each call.
 */
export class Clients {
  readonly #connect: buildConnector.connector
  readonly #all: Array<Client> = []
  readonly #idle: Array<Client> = []
  #isClosed = false

  constructor(options: buildConnector.BuildOptions) {
    // One for all of them, so that they share what has been agreed on with the server (TLS sessions).
    this.#connect = buildConnector(options)
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const client = this.#idle.pop() ?? this.#make(String(options.origin))
    // A client that is busy says so now, and by `drain` when it is so no more.
    if (client.dispatch(options, handler)) this.#idle.push(client)
    return true
  }

  /** Ends whatever is under way. */
  destroy(): ReadonlyArray<PromiseLike<void>> {
    this.#isClosed = true
    return this.#all.map((client) => client.destroy())
  }

  #make(origin: string): Client {
    const client = new Client(origin, { connect: this.#connect, pipelining: 1 })
    client.on("drain", () => this.#idle.push(client))
    this.#all.push(client)
    // What comes too late is told so by the client itself.
    if (this.#isClosed) void client.destroy()
    return client
  }
}
