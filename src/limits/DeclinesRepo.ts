import { Context, Effect, Layer, Schema, type Scope } from "effect"
import type { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { Database } from "../postgres/Database.ts"
import type { Listening } from "../postgres/Notices.ts"
import { rowsOf } from "../postgres/Row.ts"
import {
  addStatement,
  blockedStatement,
  type Counted,
  type DeclineLimits,
  purgeStatement
} from "./DeclineStatements.ts"

const Level = Schema.Struct({ digest: Schema.String, level: Schema.Finite, limit: Schema.Finite })
export type Level = typeof Level.Type

const Blocked = Schema.Struct({ digest: Schema.String, wait_s: Schema.Finite })
export type Blocked = typeof Blocked.Type

/** What all processes have counted. */
export class DeclinesRepo extends Context.Service<
  DeclinesRepo,
  {
    /** What it comes to, of each. All processes hear of it where one is full by now. */
    add(counted: ReadonlyArray<Counted>): Effect.Effect<ReadonlyArray<Level>, DatabaseUnavailable>
    /** The latest of those that are full, with what is left of their time. */
    blocked(usual: DeclineLimits, limit: number): Effect.Effect<ReadonlyArray<Blocked>, DatabaseUnavailable>
    /** How many levels were removed of which nothing is left, up to this many. */
    purge(limit: number): Effect.Effect<number, DatabaseUnavailable>
    /** Runs `onChange` when `blocked` may have changed, and when that may have gone unnoticed. */
    watch(onChange: Effect.Effect<void>): Effect.Effect<Listening, never, Scope.Scope>
  }
>()("payment-service/limits/DeclinesRepo") {
  static readonly layer = Layer.effect(
    DeclinesRepo,
    Effect.map(Database, ({ background, listen }) =>
      DeclinesRepo.of({
        add: (counted) => levelRows(background((sql) => addStatement(sql, counted))),
        blocked: (usual, limit) => blockedRows(background((sql) => blockedStatement(sql, usual, limit))),
        purge: (limit) => Effect.map(anyRows(background((sql) => purgeStatement(sql, limit))), (rows) => rows.length),
        watch: (onChange) => listen("declines", onChange)
      })
    )
  )
}

const levelRows = rowsOf(Level)
const blockedRows = rowsOf(Blocked)
const anyRows = rowsOf(Schema.Unknown)
