import { gzipSync } from "node:zlib"
import type { Dispatcher } from "@effect/platform-node/Undici"
import { Result } from "effect"
import { Controls } from "../../src/simulator/Controls.ts"
import { Doors } from "../../src/simulator/Doors.ts"
import { parseForm } from "../../src/simulator/Request.ts"
import { lookUpType } from "../../src/simulator/Scenarios.ts"
import { keyOf } from "../../src/simulator/Terminals.ts"
import type { GatewayRequest } from "../../src/verification/GatewayBooks.ts"
import { type Fate, fateOf, lookUpFateOf, type Weather } from "./Faults.ts"
import type { Process } from "./Process.ts"
import type { Seed } from "./Seed.ts"
import { Transfer } from "./Transfer.ts"
import type { Owner, World } from "./World.ts"

type Sending = ReturnType<Controls["lookUps"]["receive"]>["sending"]

interface Arrived {
  readonly sending: Sending
  readonly onSent: () => void
}

/** What goes on outside of every process. */
export const network: Owner = { name: "network", isAlive: true }

const prefix = "/custompay"

/** The way to EPX, and EPX at its end: no sockets, and every delay and fault by the seed. */
export class Network {
  readonly world: World
  readonly gateway: Controls
  /** What reached EPX by itself, and not as somebody's copy. */
  readonly requests: Array<GatewayRequest> = []
  readonly fired = new Map<string, number>()
  weather: Weather = { losses: 0, garbage: 0, oddities: 0, slowness: 0, repetitions: 0 }
  /** Chooses a fault instead of the weather, by the fields of a request. */
  choose: ((fields: ReadonlyMap<string, string>) => Fate | undefined) | undefined
  /** What a client of HTTP that knows no better would send again by itself, to see whether that is noticed. */
  resends: string | undefined
  /** Until then nobody is there. */
  downUntil = 0
  readonly #seed: Seed
  #isOpen = true
  #lastBody = "<RESPONSE/>"

  constructor(world: World, seed: string) {
    this.world = world
    this.#seed = world.seed.fork("network")
    const doors = new Doors(() => {})
    doors.add({
      port: 0,
      refuse: () => {
        this.#isOpen = false
      },
      accept: () => {
        this.#isOpen = true
      },
      reset: () => {}
    })
    this.gateway = new Controls({ seed, requestLog: 0, doors, realTime: () => world.now, startAt: undefined })
  }

  /** What a process dials with. */
  dialerOf(process: Process) {
    return () => ({
      dispatch: (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
        this.#dispatch(process, options, new Transfer(handler))
        return true
      },
      destroy: () => [this.world.promise()]
    })
  }

  #dispatch(process: Process, options: Dispatcher.DispatchOptions, transfer: Transfer): void {
    this.world.after(this.#seed.between(1, 30), process, () => {
      if (!this.#isOpen || this.world.now < this.downUntil) {
        this.#count("CONNECTION_REFUSED")
        return transfer.fail("ECONNREFUSED")
      }
      // A connection that is slow to come about.
      const wait = this.#seed.chance(0.005) ? this.#seed.between(500, 12_000) : 0
      this.world.after(wait, process, () => {
        if (wait > 5_000) return transfer.fail("UND_ERR_CONNECT_TIMEOUT")
        if (!transfer.start()) return
        this.#send(process, options, transfer)
      })
    })
  }

  #send(process: Process, { body, headers, method, path }: Dispatcher.DispatchOptions, transfer: Transfer): void {
    const isLookUp = path.startsWith(prefix)
    const fields = isLookUp ? new Map([["TRAN_TYPE", lookUpType]]) : parseForm(String(body))
    const type = fields.get("TRAN_TYPE") ?? ""
    const fate = isLookUp ? lookUpFateOf(this.#seed, this.weather) : this.#fateOf(fields, type)
    const about = [fields.get("USER_DATA_1"), fields.get("TRAN_NBR")]
    if (fate.name !== "fine") this.#count(`${type} ${fate.name}`)
    this.world.trace.add(`${process.name} sends ${type} ${fields.get("TRAN_NBR") ?? path} (${fate.name})`, about)
    if (fate.isLost === true) return
    const arrive = (isFirst: boolean, effect: string | undefined) => (): void => {
      const arrived = isLookUp
        ? this.#lookUp({ method, target: path.slice(prefix.length), headers }, effect)
        : this.#receive(fields, effect)
      const code = /KEY="AUTH_RESP">([^<]*)/.exec(arrived.sending.body)?.[1] ?? ""
      this.world.trace.add(
        `EPX has ${type} ${fields.get("TRAN_NBR") ?? ""}: ${code} ${arrived.sending.wire.kind}`,
        about
      )
      if (!isFirst) return
      if (!isLookUp) this.requests.push({ key: keyOf(fields), fields: Object.fromEntries(fields) })
      this.#answer(process, transfer, arrived, fate)
      if (fate.again_ms !== undefined) this.world.after(fate.again_ms, network, arrive(false, undefined))
    }
    this.world.after(this.#delay() + (fate.late_ms ?? 0), network, arrive(true, fate.effect))
    if (type === this.resends) this.world.after(this.#delay(), network, arrive(true, undefined))
  }

  #fateOf(fields: ReadonlyMap<string, string>, type: string): Fate {
    return this.choose?.(fields) ?? fateOf(this.#seed, type, this.weather)
  }

  #receive(fields: ReadonlyMap<string, string>, effect: string | undefined): Arrived {
    const marked = effect === undefined ? fields : new Map([...fields, ["USER_DATA_10", `SIM_${effect}`]])
    const { closesConnection, told, transaction, wire, xml } = this.gateway.gateway.receive(marked)
    return {
      sending: { status: 200, contentType: "text/xml", body: xml, wire, closesConnection },
      onSent: () => {
        if (transaction !== undefined) transaction.told = told
      }
    }
  }

  #lookUp(
    { headers, method, target }: { readonly method: string; readonly target: string; readonly headers: unknown },
    effect: string | undefined
  ): Arrived {
    const { scenarios } = this.gateway
    const match = { TRAN_TYPE: lookUpType }
    const added = effect === undefined ? undefined : Result.getOrThrow(scenarios.add({ match, effect }))
    const given = new Map(Object.entries(headers ?? {}))
    const id = String(given.get("epi-id"))
    const signature = String(given.get("epi-signature"))
    const { onSent, sending } = this.gateway.lookUps.receive({ method, target, id, signature, body: "" })
    if (added !== undefined) scenarios.remove(added.id)
    return { sending, onSent: () => onSent(0) }
  }

  /** The same that the simulator's own delivery does to a socket. */
  #answer(process: Process, transfer: Transfer, { onSent, sending }: Arrived, fate: Fate): void {
    const { body, contentType, wire } = sending
    const later = (run: () => void, delay_ms = this.#delay()) => this.world.after(delay_ms, process, run)
    const whole = (status: number, bytes: Uint8Array, headers: Record<string, string> = {}) => {
      transfer.begin(status, { "content-type": contentType, ...headers })
      transfer.data(bytes)
      transfer.end()
      onSent()
    }
    switch (wire.kind) {
      case "silence":
        return
      case "reset":
        later(() => transfer.fail("ECONNRESET"))
        return
      case "refuse": {
        this.#isOpen = false
        this.world.after(wire.forMs, network, () => {
          this.#isOpen = true
        })
        later(() => transfer.fail("ECONNRESET"))
        return
      }
      case "headers_only":
        later(() => transfer.begin(200, { "content-type": contentType }))
        return
      case "drip":
        // A byte a second: the whole of it takes longer than any call may.
        later(() => transfer.begin(200, { "content-type": contentType }))
        later(() => transfer.end(), body.length * 1_000)
        return
      case "truncated": {
        const code = body.indexOf("AUTH_RESP")
        const cut = body.slice(0, code < 0 ? body.length / 2 : code + "AUTH".length)
        later(() => whole(200, Buffer.from(cut)))
        return
      }
      case "huge":
        later(() => whole(200, Buffer.alloc(300 * 1024, "A")))
        return
      case "page":
        later(() => whole(wire.status, Buffer.from(wire.body), { "content-type": wire.contentType, ...wire.headers }))
        return
      case "stale":
        later(() => whole(sending.status, Buffer.from(body)))
        return
      case "answer": {
        const other = this.#lastBody
        if (wire.encoding === undefined && fate.effect === undefined && body.startsWith("<")) this.#lastBody = body
        const given = fate.isCrossed === true ? other : body
        const bytes = Buffer.from(given, wire.encoding === "latin1" ? "latin1" : "utf8")
        const encoding = wire.encoding === "gzip" ? { "content-encoding": "gzip" } : {}
        const type = wire.contentType === undefined ? {} : { "content-type": wire.contentType }
        const sent = wire.encoding === "gzip" ? gzipSync(bytes) : bytes
        later(() => whole(sending.status, sent, { ...encoding, ...type }), this.#delay() + (wire.delayMs ?? 0))
      }
    }
  }

  #delay(): number {
    return this.#seed.between(1, this.#seed.chance(0.1) ? 400 : 60)
  }

  #count(name: string): void {
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1)
  }
}
