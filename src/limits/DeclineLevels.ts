import type { DeclineSubject } from "../domain/DeclineSubject.ts"
import type { Tenant } from "../domain/Tenant.ts"
import { DeclineLevel } from "./DeclineLevel.ts"
import type { Counted, DeclineLimits } from "./DeclineStatements.ts"
import type { Blocked } from "./DeclinesRepo.ts"

/** One whose declines are counted together. */
export interface Subject extends Tenant {
  readonly kind: DeclineSubject
  readonly value: string
}

/** Subjects of which something is remembered. The longest known goes first: what others know of it is learnt anew. */
export const capacity = 10_000

interface Known {
  readonly subject: Subject
  readonly level: DeclineLevel
}

/** What is to be stored of one, and of whom it is. */
interface Told extends Counted {
  readonly name: string
  readonly known: Known
}

const nameOf = ({ environment, kind, merchantId, value }: Subject) => `${kind} ${merchantId} ${environment} ${value}`

/** What this process knows: what was declined here, and what may not be charged anywhere. */
export class DeclineLevels {
  readonly #limits: DeclineLimits
  readonly #digest: (name: string) => string
  readonly #known = new Map<string, Known>()
  readonly #untold = new Map<string, Known>()
  /** When each is over, by digest. Digests take time, so that none is made while nobody is blocked. */
  #blocked: ReadonlyMap<string, number> = new Map()
  #blockedUntil = Number.NEGATIVE_INFINITY

  constructor(limits: DeclineLimits, digest: (name: string) => string) {
    this.#limits = limits
    this.#digest = digest
  }

  /** Whether nobody can be refused. */
  isEmpty(now_ms: number): boolean {
    return this.#known.size === 0 && now_ms >= this.#blockedUntil
  }

  wait_ms(subject: Subject, now_ms: number): number {
    const name = nameOf(subject)
    const here = this.#known.get(name)?.level.wait_ms(now_ms) ?? 0
    if (now_ms >= this.#blockedUntil) return here
    return Math.max(here, (this.#blocked.get(this.#digest(name)) ?? 0) - now_ms)
  }

  count(subject: Subject, now_ms: number): void {
    const name = nameOf(subject)
    const known = this.#known.get(name) ?? { subject, level: new DeclineLevel(this.#limits[subject.kind], now_ms) }
    known.level.count(now_ms)
    this.#known.set(name, known)
    this.#untold.set(name, known)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= capacity) break
      this.#known.delete(oldest)
      this.#untold.delete(oldest)
    }
  }

  /** What is to be stored, up to so many subjects. */
  tell(most: number): ReadonlyMap<string, Told> {
    const told = new Map<string, Told>()
    for (const [name, known] of this.#untold) {
      if (told.size === most) break
      this.#untold.delete(name)
      const { environment, kind, merchantId } = known.subject
      const digest = this.#digest(name)
      const usual = this.#limits[kind]
      told.set(digest, { merchantId, environment, kind, digest, declines: known.level.tell(), usual, name, known })
    }
    return told
  }

  /** What was told is to be told again: if it may have been stored, without what would then be counted twice. */
  tellAgain(told: Iterable<Told>, mayBeStored: boolean): void {
    for (const { declines, known, name } of told) {
      if (this.#known.get(name) !== known) continue
      if (!mayBeStored) known.level.takeBack(declines)
      this.#untold.set(name, known)
    }
  }

  /** Forgets those of whom nothing is left to be counted. */
  purge(now_ms: number): void {
    for (const [name, { level }] of this.#known) {
      if (level.isTold && level.isEmpty(now_ms)) this.#known.delete(name)
    }
  }

  /** All that is blocked now. What is full here alone has been let in again, by a limit that was changed. */
  learn(blocked: ReadonlyArray<Blocked>, now_ms: number): void {
    this.#blocked = new Map(blocked.map(({ digest, wait_s }) => [digest, now_ms + wait_s * 1_000]))
    this.#blockedUntil = Math.max(...this.#blocked.values())
    for (const [name, { level }] of this.#known) {
      const isFull = level.isStored && level.wait_ms(now_ms) > 0
      if (isFull && !this.#blocked.has(this.#digest(name))) this.#known.delete(name)
    }
  }
}
