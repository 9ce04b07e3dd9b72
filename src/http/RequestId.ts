import { Context, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { encodeUuid } from "../domain/Ids.ts"
import { mayHoldSecret } from "./Secrets.ts"

/** The id of the request being served, for logs and answers; undefined in work that no request asked for. */
export const RequestId = Context.Reference<string | undefined>("payment-service/http/RequestId", {
  defaultValue: () => undefined
})

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
