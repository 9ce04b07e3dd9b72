import { Effect } from "effect"
import type { Database } from "../../src/postgres/Database.ts"

/** Listening where nobody else changes anything. */
export const alwaysCurrent: Database["Service"]["listen"] = () => Effect.succeed({ isCurrent: () => true })
