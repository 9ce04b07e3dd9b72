import { Effect, Option, Schema } from "effect"
import type { SqlError } from "effect/sql"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"

type Statement<R> = Effect.Effect<ReadonlyArray<unknown>, SqlError.SqlError | DatabaseUnavailable, R>

/** The rows of a statement as they come, to be decoded one by one by `decodedBy`. */
export const rawRows = <R>(statement: Statement<R>): Effect.Effect<ReadonlyArray<unknown>, DatabaseUnavailable, R> =>
  Effect.catchTag(statement, "SqlError", Effect.die)

export const decodedBy = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (row: unknown): Effect.Effect<A> => Effect.catchTag(decode(row), "SchemaError", Effect.die)
}

/**
 * Decodes the rows of a statement. What neither the schema nor the statement expects is a bug, and a defect; only an
 * unreachable database stays an error.
 */
export const rowsOf = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownEffect(Schema.Array(schema))
  return <R>(statement: Statement<R>): Effect.Effect<ReadonlyArray<A>, DatabaseUnavailable, R> =>
    Effect.flatMap(statement, decode).pipe(Effect.catchTag(["SqlError", "SchemaError"], Effect.die))
}

/** The first row, if there is one. */
export const rowOf = <A, I>(schema: Schema.Codec<A, I>) => {
  const rows = rowsOf(schema)
  return <R>(statement: Statement<R>) => Effect.map(rows(statement), (found) => Option.fromNullishOr(found[0]))
}
