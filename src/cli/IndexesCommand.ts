import { Effect, Schema } from "effect"
import { Command } from "effect/cli"
import { Index, Indexes } from "../postgres/Indexes.ts"
import { onDatabase, print } from "./OnDatabase.ts"

const list = Command.make("list", {}, () =>
  Effect.flatMap(Indexes, ({ list }) => Effect.flatMap(list, print(Schema.Array(Index)))).pipe(onDatabase)
).pipe(Command.withDescription("Their sizes and how often each was used, the largest first"))

export const indexesCommand = Command.make("indexes").pipe(
  Command.withDescription("The indexes of the database"),
  Command.withSubcommands([list])
)
