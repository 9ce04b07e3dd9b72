import { Context } from "effect"
import type { ApiKeyId } from "../domain/Ids.ts"

/** On whose behalf rows are changed, as it is kept with what they did; unless told otherwise, the command line's. */
export const Actor = Context.Reference<{ readonly keyId: ApiKeyId | null; readonly requestId: string | null }>(
  "payment-service/postgres/Actor",
  { defaultValue: () => ({ keyId: null, requestId: null }) }
)
