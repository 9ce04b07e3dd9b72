import { Clock, Effect, Exit, Layer, Metric, Option, Queue, Redacted } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { networkOf } from "../domain/NetworkAddress.ts"
import { type Buyer, DeclineGuard, type Refused } from "../http/DeclineGuard.ts"
import { ColumnCipher } from "../postgres/ColumnCipher.ts"
import { declineFlushes } from "../telemetry/Metrics.ts"
import { capacity, DeclineLevels, type Subject } from "./DeclineLevels.ts"
import type { DeclineLimits } from "./DeclineStatements.ts"
import { DeclinesRepo } from "./DeclinesRepo.ts"

/** Subjects that one statement stores. */
const batch = 1_000

/** After these a statement has certainly not been carried out. */
const undone: ReadonlySet<DatabaseUnavailable["reason"]> = new Set(["checkout", "lock"])

/** In an attack notices come one after the other, and each has all that is blocked read once more. */
const pause = "100 millis"

/** Levels that one statement removes. */
const purged = 1_000

/**
 * Counts declines in memory, and shares them by the database behind the back of the payments: one fiber stores what was
 * counted and learns what is blocked, one after the other. Where the database cannot be asked, what this process has
 * counted itself decides.
 */
export const declineGuardLayer = (usual: DeclineLimits) =>
  Layer.effect(
    DeclineGuard,
    Effect.gen(function* () {
      const repo = yield* DeclinesRepo
      const { fingerprint } = yield* ColumnCipher
      const clock = yield* Clock.Clock
      const now_ms = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
      const levels = new DeclineLevels(usual, (name) => Buffer.from(fingerprint(`declines ${name}`)).toString("hex"))
      const wakes = yield* Queue.sliding<void>(1)
      const wake = () => void Queue.offerUnsafe(wakes, undefined)
      const later = Effect.andThen(Effect.sleep("1 second"), Effect.sync(wake))
      let isStale = false
      let isPausing = false
      // What is to be stored does not wait for that: the answer may say that somebody has a higher limit.
      const resume = Effect.sync(() => {
        isPausing = false
        wake()
      })

      const store: Effect.Effect<void> = Effect.suspend(() => {
        const told = levels.tell(batch)
        if (told.size === 0) return Effect.void
        const counted = Array.from(told.values(), ({ known, name, ...one }) => one)
        return Effect.flatMap(Effect.exit(repo.add(counted)), (added) => {
          const now = now_ms()
          const problem = noted("Declines were not told to other processes", added)
          if (Exit.isFailure(added)) {
            const isUndone = Option.exists(Exit.findErrorOption(added), ({ reason }) => undone.has(reason))
            levels.tellAgain(told.values(), !isUndone)
            return Effect.andThen(problem, later)
          }
          for (const { digest, level, limit } of added.value) told.get(digest)?.known.level.learn(level, limit, now)
          return Effect.andThen(problem, store)
        })
      })

      const learn = Effect.suspend(() => {
        if (!isStale || isPausing) return Effect.void
        isStale = false
        return Effect.flatMap(Effect.exit(repo.blocked(usual, capacity)), (blocked) => {
          if (Exit.isSuccess(blocked)) {
            levels.learn(blocked.value, now_ms())
            isPausing = true
            return Effect.forkChild(Effect.andThen(Effect.sleep(pause), resume))
          }
          isStale = true
          return Effect.andThen(noted("What others have blocked is not known", blocked), later)
        })
      })

      const purge = Effect.suspend(() => {
        levels.purge(now_ms())
        return Effect.exit(Effect.repeat(repo.purge(purged), { while: (removed) => removed === purged }))
      })

      // A database that is silent must not keep the process from ending.
      yield* Effect.addFinalizer(() => Effect.timeoutOption(Effect.interruptible(store), "1 second"))
      yield* Queue.take(wakes).pipe(
        Effect.andThen(store),
        Effect.andThen(learn),
        Effect.forever,
        Effect.withTracerEnabled(false),
        Effect.forkScoped
      )
      yield* Effect.forkScoped(Effect.withTracerEnabled(Effect.forever(Effect.delay(purge, "1 minute")), false))
      yield* repo.watch(
        Effect.sync(() => {
          isStale = true
          wake()
        })
      )

      return DeclineGuard.of({
        refusal: (buyer) => {
          const now = now_ms()
          if (levels.isEmpty(now)) return undefined
          let longest: Refused | undefined
          for (const subject of subjectsOf(buyer)) {
            const retryAfter_s = Math.ceil(levels.wait_ms(subject, now) / 1_000)
            if (retryAfter_s > (longest?.retryAfter_s ?? 0)) longest = { per: subject.kind, retryAfter_s }
          }
          return longest
        },
        count: (buyer) => {
          for (const subject of subjectsOf(buyer)) levels.count(subject, now_ms())
          wake()
        }
      })
    })
  )

const subjectsOf = ({ address, customerId, environment, keyId, merchantId }: Buyer): ReadonlyArray<Subject> => [
  ...(customerId === null ? [] : [{ merchantId, environment, kind: "customer" as const, value: customerId }]),
  ...(address === null
    ? []
    : [{ merchantId, environment, kind: "address" as const, value: networkOf(Redacted.value(address)) }]),
  { merchantId, environment, kind: "key", value: keyId }
]

const flushesOf = (result: string) => declineFlushes({ result })
const [done, failures] = [flushesOf("done"), flushesOf("failed")]

const noted = (problem: string, exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit)
    ? Metric.update(done, 1)
    : Effect.andThen(Metric.update(failures, 1), Effect.logDebug(problem, exit.cause))
