import {
  type DoubleCharge,
  type DoubleRefund,
  findDoubleCharges,
  findDoubleRefunds,
  findIndefinite,
  type Indefinite
} from "./Assertions.ts"
import { Cards } from "./Cards.ts"
import type { Doors } from "./Doors.ts"
import { Gateway, type GatewayState } from "./Gateway.ts"
import { Generator } from "./Generator.ts"
import { LateCommits } from "./LateCommits.ts"
import { Ledger, type LedgerFilter, type TerminalLedger } from "./Ledger.ts"
import { LookUps } from "./lookups/LookUps.ts"
import type { Profile, ProfilePatch } from "./Profile.ts"
import { type LoggedRequest, type RequestFilter, RequestLog } from "./RequestLog.ts"
import { Scenarios } from "./Scenarios.ts"
import { Settlement } from "./Settlement.ts"
import { type ShownTransaction, show } from "./ShownTransaction.ts"
import { SimulatedClock } from "./SimulatedClock.ts"
import { Terminals } from "./Terminals.ts"

/** What a payment was charged or given back more than once. */
export interface ShownDoubleCharge extends Omit<DoubleCharge, "transactions"> {
  readonly transactions: ReadonlyArray<ShownTransaction>
}

/** What an attempt refunded more than once. */
export interface ShownDoubleRefund extends Omit<DoubleRefund, "transactions"> {
  readonly transactions: ReadonlyArray<ShownTransaction>
}

/** Everything that can be asked of the simulator or done to it, at once and without waiting. */
export class Controls {
  readonly gateway: Gateway
  readonly lookUps: LookUps
  readonly clock: SimulatedClock
  readonly scenarios: Scenarios
  readonly #state: GatewayState

  constructor(options: {
    readonly seed: string
    readonly requestLog: number
    readonly doors: Doors
    readonly realTime: () => number
    readonly startAt: number | undefined
  }) {
    const { seed, doors } = options
    const terminals = new Terminals()
    const settlement = new Settlement()
    this.clock = new SimulatedClock(options.realTime, options.startAt)
    this.scenarios = new Scenarios(
      (fault, times, onUse) => doors.apply(fault, times, onUse),
      () => doors.restore()
    )
    this.#state = {
      clock: this.clock,
      terminals,
      scenarios: this.scenarios,
      ledger: new Ledger(terminals, settlement),
      settlement,
      cards: new Cards(seed),
      generator: new Generator(seed),
      requests: new RequestLog(options.requestLog, seed),
      late: new LateCommits(settlement),
      awaited: new Map()
    }
    this.gateway = new Gateway(this.#state)
    this.lookUps = new LookUps(this.#state)
  }

  ledger(filter: LedgerFilter): ReadonlyArray<TerminalLedger> {
    this.#settle()
    return this.#state.ledger.summary(filter)
  }

  transactions(filter: LedgerFilter): ReadonlyArray<ShownTransaction> {
    this.#settle()
    return this.#state.ledger.transactions(filter).map(show)
  }

  requests(filter: RequestFilter): ReadonlyArray<LoggedRequest> {
    return this.#state.requests.list(filter)
  }

  profile(key?: string): Profile {
    return this.#state.terminals.profile(key)
  }

  patchProfile(patch: ProfilePatch, key?: string): Profile {
    // What happened until now happened under the profile as it was.
    this.#settle()
    this.#state.terminals.patchProfile(patch, key)
    this.#state.settlement.reschedule(this.clock.now())
    return this.profile(key)
  }

  doubleCharges(filter: LedgerFilter): ReadonlyArray<ShownDoubleCharge> {
    this.#settle()
    return findDoubleCharges(this.#state.ledger.transactions(filter)).map((charge) => ({
      ...charge,
      transactions: charge.transactions.map(show)
    }))
  }

  doubleRefunds(filter: LedgerFilter): ReadonlyArray<ShownDoubleRefund> {
    this.#settle()
    return findDoubleRefunds(this.#state.ledger.transactions(filter)).map((refund) => ({
      ...refund,
      transactions: refund.transactions.map(show)
    }))
  }

  indefinite(olderThanMs: number, key?: string): ReadonlyArray<Indefinite> {
    this.#settle()
    const before = this.clock.now() - olderThanMs
    return findIndefinite(this.#state.ledger.transactions({ key }), this.#state.late, { before, key })
  }

  /** Forgets one four-part key, or everything: clock, seed and listener faults included. */
  reset(key?: string): void {
    const { ledger, settlement, terminals, scenarios, requests, late, awaited, generator } = this.#state
    ledger.reset(key)
    settlement.reset(key)
    terminals.reset(key)
    scenarios.clear(key)
    requests.reset(key)
    late.reset(key)
    if (key !== undefined) return
    awaited.clear()
    generator.reset()
    this.clock.reset()
  }

  #settle(): void {
    this.#state.late.settle(this.clock.now())
  }
}
