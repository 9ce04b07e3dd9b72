import { DateTime } from "effect"

const zones = {
  "America/New_York": DateTime.zoneMakeNamedUnsafe("America/New_York"),
  "America/Phoenix": DateTime.zoneMakeNamedUnsafe("America/Phoenix")
}

/** The profile's time zones. */
export type Zone = keyof typeof zones

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`)

/** One instant as EPX prints it. */
export interface Stamp {
  readonly localDate: string
  readonly localTime: string
  readonly gmt: string
}

const print = (now: number, zone: Zone): Stamp => {
  const utc = DateTime.makeUnsafe(now)
  const gmt = DateTime.toPartsUtc(utc)
  const local = DateTime.toParts(DateTime.setZone(utc, zones[zone]))
  const twelve = gmt.hour % 12 === 0 ? 12 : gmt.hour % 12
  const day = `${two(gmt.month)}/${two(gmt.day)}/${gmt.year}`
  const time = `${two(twelve)}:${two(gmt.minute)}:${two(gmt.second)} ${gmt.hour < 12 ? "AM" : "PM"}`
  return {
    localDate: `${two(local.month)}${two(local.day)}${two(local.year % 100)}`,
    localTime: `${two(local.hour)}${two(local.minute)}${two(local.second)}`,
    gmt: `${day} ${time}`
  }
}

/** The simulator's own time, in epoch milliseconds: the real clock, moved, or standing still. */
export class SimulatedClock {
  readonly #source: () => number
  readonly #start: number | undefined
  #offset = 0
  #frozenAt: number | undefined
  #second = Number.NaN
  #stamps = new Map<Zone, Stamp>()

  constructor(source: () => number, start?: number) {
    this.#source = source
    this.#start = start
    this.#frozenAt = start
  }

  get isFrozen(): boolean {
    return this.#frozenAt !== undefined
  }

  now(): number {
    return this.#frozenAt ?? this.#source() + this.#offset
  }

  advance(milliseconds: number): void {
    if (this.#frozenAt === undefined) this.#offset += milliseconds
    else this.#frozenAt += milliseconds
  }

  /** Stands still until it is thawed, advanced or reset. */
  freeze(at: number): void {
    this.#frozenAt = at
  }

  /** Runs on from where it stands. */
  thaw(): void {
    this.#offset = this.now() - this.#source()
    this.#frozenAt = undefined
  }

  reset(): void {
    this.#offset = 0
    this.#frozenAt = this.#start
  }

  // Printing a time zone costs more than the rest of an answer, and a second holds thousands of answers.
  stamp(now: number, zone: Zone): Stamp {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#stamps = new Map()
    }
    const known = this.#stamps.get(zone)
    if (known !== undefined) return known
    const stamp = print(now, zone)
    this.#stamps.set(zone, stamp)
    return stamp
  }
}
