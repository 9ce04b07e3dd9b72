import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { TerminalIds } from "../domain/Ids.ts"
import { LookupKey, SettlementCutoff, SettlementZone, Terminal } from "../domain/Merchant.ts"
import { Merchants } from "../merchants/Merchants.ts"
import { given, merchantId, secretFile, secretOf } from "./Flags.ts"
import { onDatabase, print } from "./OnDatabase.ts"

const change = Command.make(
  "change",
  {
    id: Argument.String("id").pipe(Argument.withSchema(TerminalIds.Id), Argument.withDescription("ter_…")),
    merchant: merchantId.pipe(Flag.withDescription("Whose terminal it is")),
    zone: Flag.String("zone").pipe(
      Flag.withSchema(SettlementZone),
      Flag.optional,
      Flag.withDescription("Where its business day ends")
    ),
    cutoff: Flag.String("cutoff").pipe(
      Flag.withSchema(SettlementCutoff),
      Flag.optional,
      Flag.withDescription("When it ends there, as HH:MM")
    ),
    multipleCaptures: Flag.Boolean("multiple-captures").pipe(
      Flag.optional,
      Flag.withDescription("EPX takes several captures of one authorization")
    ),
    partialApprovals: Flag.Boolean("partial-approvals").pipe(
      Flag.optional,
      Flag.withDescription("Keep what was approved in part only")
    ),
    lookupKey: secretFile("lookup-key-file", "EPI-Key of Custom Pay")
  },
  (flags) =>
    Effect.gen(function* () {
      const lookupKey = yield* secretOf(LookupKey, flags.lookupKey)
      const merchants = yield* Merchants
      const { terminal } = yield* merchants.changeTerminal(flags.merchant, flags.id, {
        ...given("settlement_zone", flags.zone),
        ...given("settlement_cutoff", flags.cutoff),
        ...given("multiple_captures", flags.multipleCaptures),
        ...given("partial_approvals", flags.partialApprovals),
        ...given("lookup_key", lookupKey)
      })
      yield* print(Terminal)(terminal)
    }).pipe(onDatabase)
).pipe(Command.withDescription("Change what is given of a terminal"))

export const terminalsCommand = Command.make("terminals").pipe(
  Command.withDescription("Where the payments of merchants go"),
  Command.withSubcommands([change])
)
