import { createHash } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, FileSystem, Option } from "effect"
import { type Account, canReach } from "./Account.ts"
import { PostgresUnavailable } from "./PostgresUnavailable.ts"

/**
 * Where root keeps what the user that Postgres runs as must reach when the project lies under a closed home directory:
 * `/var/lib/payment-service`, or `payment-service` in the temporary directory where /var/lib cannot be written. The
 * name inside is derived from `key`, so the same project finds its data again.
 */
export const sharedPlace = Effect.fnUntraced(function* (account: Account, key: string) {
  for (const base of ["/var/lib", tmpdir(), "/tmp"]) {
    const place = join(base, "payment-service")
    if (yield* isOurs(place, account)) {
      return join(place, createHash("sha256").update(key).digest("hex").slice(0, 12))
    }
  }
  return yield* new PostgresUnavailable({
    reason: "unusable_directory",
    message:
      "Postgres cannot run as root, and neither /var/lib nor the temporary directory offers a place that another user" +
      " can reach. Move the project out of the closed home directory, or set DATABASE_URL to a running Postgres."
  })
})

/** In a directory that anybody may write to, the name could have been taken by somebody else first. */
const isOurs = Effect.fnUntraced(function* (place: string, account: Account) {
  const fs = yield* FileSystem.FileSystem
  const made = fs.makeDirectory(place, { recursive: true }).pipe(Effect.andThen(fs.chmod(place, 0o755)))
  if (Option.isNone(yield* Effect.option(made))) return false
  const info = yield* Effect.option(fs.stat(place))
  return Option.isSome(info) && Option.contains(info.value.uid, 0) && (yield* canReach(account, place))
})
