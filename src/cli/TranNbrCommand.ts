import { Effect } from "effect"
import { Command } from "effect/cli"
import { Jump, TranNbr } from "../transactions/TranNbr.ts"
import { onDatabase, print } from "./OnDatabase.ts"

const jump = Command.make("jump", {}, () =>
  Effect.flatMap(TranNbr, ({ jump }) => Effect.flatMap(jump, print(Jump))).pipe(onDatabase)
).pipe(Command.withDescription("After a backup was restored: leave out the numbers that EPX may have seen since"))

export const tranNbrCommand = Command.make("tran-nbr").pipe(
  Command.withDescription("The numbers by which EPX knows calls"),
  Command.withSubcommands([jump])
)
