import { Effect, Schema } from "effect"
import { migrationsDirectory } from "../../Backing.ts"
import { AppliedMigration, compareMigrations } from "../../postgres/Migrations.ts"
import { type Finding, failed, ok, warning } from "./Finding.ts"
import type { Session } from "./Session.ts"

const check = "migrations"

const There = Schema.Struct({ is_there: Schema.Boolean })

/** How the schema of the database differs from the migrations of this version. None is applied. */
export const readDifferences = Effect.fnUntraced(function* ({ ask }: Session) {
  const [table] = yield* ask(There, "SELECT to_regclass('schema_migrations') IS NOT NULL AS is_there")
  const applied = ask(AppliedMigration, "SELECT file, checksum FROM schema_migrations ORDER BY file")
  return yield* compareMigrations(migrationsDirectory, table?.is_there === true ? yield* applied : [])
})
type Differences = Effect.Success<ReturnType<typeof readDifferences>>

export const judgeMigrations = ({ changed, missing, unknown }: Differences): ReadonlyArray<Finding> => {
  const found = [
    ...(changed.length === 0
      ? []
      : [
          failed(
            check,
            `${changed.join(", ")} changed after it was applied, and no start goes with that.`,
            "Restore the file as it was released."
          )
        ]),
    ...(unknown.length === 0
      ? []
      : [
          failed(
            check,
            `${unknown.join(", ")} was applied by another version of the service.`,
            "Run the newer version: this one does not know the schema."
          )
        ]),
    ...(missing.length === 0
      ? []
      : [
          warning(
            check,
            `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing.`,
            'The next start applies it; see "Migrations" in docs/operations.md for what that takes with many rows.'
          )
        ])
  ]
  return found.length === 0 ? [ok(check, "All are applied, as they are here.")] : found
}
