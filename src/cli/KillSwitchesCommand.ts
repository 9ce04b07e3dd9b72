import { Effect, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { KillSwitchIds } from "../domain/Ids.ts"
import { KillSwitch, StoppableOperation } from "../domain/KillSwitch.ts"
import { KillSwitches } from "../kill-switches/KillSwitches.ts"
import { Reason } from "../kill-switches/NewKillSwitch.ts"
import { given, limit, merchantId } from "./Flags.ts"
import { onDatabase, print } from "./OnDatabase.ts"

const throw_ = Command.make(
  "throw",
  {
    operation: Argument.Literals("operation", StoppableOperation.literals).pipe(
      Argument.withDescription(`What to stop: ${StoppableOperation.literals.join(", ")}`)
    ),
    merchant: merchantId.pipe(Flag.optional, Flag.withDescription("Whose; without it, everybody's")),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why; it is kept, and holds no token or card number"))
  },
  ({ merchant, operation, reason }) =>
    Effect.gen(function* () {
      // A flag that is refused is repeated in the complaint, and this one may hold a card number.
      yield* Schema.decodeEffect(Reason)(reason)
      const asked = { operation, reason, ...given("merchant_id", merchant) }
      const thrown = Effect.flatMap(KillSwitches, (switches) => switches.throw(asked))
      yield* Effect.flatMap(onDatabase(thrown), print(KillSwitch))
    })
).pipe(Command.withDescription("Stop an operation at once, of one merchant or of all"))

const lift = Command.make(
  "lift",
  { id: Argument.String("id").pipe(Argument.withSchema(KillSwitchIds.Id), Argument.withDescription("kil_…")) },
  ({ id }) =>
    Effect.flatMap(onDatabase(Effect.flatMap(KillSwitches, (switches) => switches.lift(id))), print(KillSwitch))
).pipe(Command.withDescription("Let an operation go on"))

const list = Command.make("list", { limit }, ({ limit }) =>
  Effect.flatMap(onDatabase(Effect.flatMap(KillSwitches, (switches) => switches.list(limit, undefined))), ({ data }) =>
    print(Schema.Array(KillSwitch))(data)
  )
).pipe(Command.withDescription("What is stopped, the newest first"))

export const killSwitchesCommand = Command.make("kill-switches").pipe(
  Command.withDescription("Operations that are stopped for the time being"),
  Command.withSubcommands([throw_, lift, list])
)
