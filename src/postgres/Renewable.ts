import type { PgClient } from "@effect/sql-pg"
import { type Duration, Effect, Exit, Scope } from "effect"

/**
 * A pool that can be exchanged for a new one. That a connection has gone silent the system does not notice for minutes,
 * and one statement after the other would try it. The old pool stays for those who wait for it, as long as they do.
 */
export const renewable = Effect.fnUntraced(function* <E, R>(
  make: Effect.Effect<PgClient.PgClient, E, Scope.Scope | R>,
  patience: Duration.Duration
) {
  const own = yield* Effect.scope
  const context = yield* Effect.context<R>()
  const begin = Effect.gen(function* () {
    const scope = yield* Scope.fork(own)
    return { scope, client: yield* Scope.provide(make, scope) }
  }).pipe(Effect.provideContext(context))
  let current = yield* begin
  const renew = Effect.gen(function* () {
    const old = current.scope
    current = yield* begin
    yield* Effect.forkIn(Effect.delay(Scope.close(old, Exit.void), patience), own)
  })
  return { client: () => current.client, renew }
})
