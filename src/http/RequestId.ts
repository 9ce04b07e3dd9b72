import { Effect, References } from "effect"
import { SecureRandom } from "effect/crypto"
import { encodeUuid } from "../domain/Ids.ts"
import { mayHoldSecret } from "./Secrets.ts"

const annotation = "request_id"

/** The id of the request being served; undefined in work that no request asked for. */
export const requestId: Effect.Effect<string | undefined> = Effect.map(
  References.CurrentLogAnnotations,
  ({ [annotation]: id }) => (typeof id === "string" ? id : undefined)
)

/** Every line of the log of what serves the request has its id, and whoever asks for it finds it there. */
export const identifiedBy =
  (id: string) =>
  <A, E, R>(serving: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.updateService(serving, References.CurrentLogAnnotations, (others) => ({ ...others, [annotation]: id }))

const acceptable = /^[A-Za-z0-9._:-]{1,128}$/

/**
 * The caller's `X-Request-Id` when it may be logged and echoed. Such a header never fails a request, so one that looks
 * like a secret is replaced and not refused.
 */
const echoed = (header: string | undefined): string | undefined =>
  header !== undefined && acceptable.test(header) && !mayHoldSecret(header) ? header : undefined

const idOf = (uuid: string) => `req_${encodeUuid(uuid)}`

/** The caller's id, else a new one. */
export const requestIdFrom = (
  header: string | undefined,
  random: Pick<SecureRandom.SecureRandom["Service"], "uuidV7">
): Effect.Effect<string> => {
  const known = echoed(header)
  return known === undefined ? Effect.map(random.uuidV7(), idOf) : Effect.succeed(known)
}

/** The same outside of any effect. */
export const requestIdUnsafe = (header: string | undefined): string =>
  echoed(header) ?? idOf(SecureRandom.uuidV7Unsafe())
