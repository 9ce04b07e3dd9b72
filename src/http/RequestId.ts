import { Context, Effect } from "effect"
import type { SecureRandom } from "effect/crypto"
import { encodeUuid } from "../domain/Ids.ts"
import { mayHoldSecret } from "./Secrets.ts"

/** The id of the request being served, for logs and answers; undefined in work that no request asked for. */
export const RequestId = Context.Reference<string | undefined>("payment-service/http/RequestId", {
  defaultValue: () => undefined
})

const acceptable = /^[A-Za-z0-9._:-]{1,128}$/

/**
 * The caller's `X-Request-Id` when it may be logged and echoed, else a new id. Such a header never fails a request, so
 * one that looks like a secret is replaced and not refused.
 */
export const requestIdFrom = (
  header: string | undefined,
  random: Pick<SecureRandom.SecureRandom["Service"], "uuidV7">
): Effect.Effect<string> =>
  header !== undefined && acceptable.test(header) && !mayHoldSecret(header)
    ? Effect.succeed(header)
    : Effect.map(random.uuidV7(), (uuid) => `req_${encodeUuid(uuid)}`)
