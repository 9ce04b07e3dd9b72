import { Effect, type Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { MerchantIds } from "../domain/Ids.ts"
import { LookupKey, Merchant, Name, SettlementCutoff, SettlementZone } from "../domain/Merchant.ts"
import { KeyPart } from "../domain/Terminal.ts"
import { Merchants } from "../merchants/Merchants.ts"
import { environment, given, limit, secretFile, secretOf } from "./Flags.ts"
import { onDatabase, print } from "./OnDatabase.ts"

const keyPart = (name: string) => Flag.String(name).pipe(Flag.withSchema(KeyPart), Flag.withDescription("Given by EPX"))

const rate = (name: string, what: string) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (n) => n >= 0 && n <= 1_000_000,
      () => "0 to 1000000"
    ),
    Flag.map((n) => (n === 0 ? null : n)),
    Flag.optional,
    Flag.withDescription(`${what}; 0: as the configuration says`)
  )

const options = {
  rejectOnAvs: Flag.Boolean("reject-on-avs").pipe(
    Flag.optional,
    Flag.withDescription("Undo approvals whose address does not match at all")
  ),
  rejectOnCvv: Flag.Boolean("reject-on-cvv").pipe(
    Flag.optional,
    Flag.withDescription("Undo approvals whose security code does not match")
  ),
  reads: rate("reads-per-second", "How often it may read, a second"),
  writes: rate("writes-per-second", "How often it may ask for what moves money, a second"),
  atOnce: rate("writes-at-once", "How much of that may be under way at a time"),
  perCustomer: rate("declines-per-customer", "Declines of one customer in ten minutes before no more is charged"),
  perAddress: rate("declines-per-address", "The same for each network address of buyers"),
  perKey: rate("declines-per-key", "The same for each API key")
}

const optionsOf = (flags: {
  readonly rejectOnAvs: Option.Option<boolean>
  readonly rejectOnCvv: Option.Option<boolean>
  readonly reads: Option.Option<number | null>
  readonly writes: Option.Option<number | null>
  readonly atOnce: Option.Option<number | null>
  readonly perCustomer: Option.Option<number | null>
  readonly perAddress: Option.Option<number | null>
  readonly perKey: Option.Option<number | null>
}) => ({
  ...given("reject_on_avs", flags.rejectOnAvs),
  ...given("reject_on_cvv", flags.rejectOnCvv),
  ...given("reads_per_second", flags.reads),
  ...given("writes_per_second", flags.writes),
  ...given("writes_at_once", flags.atOnce),
  ...given("declines_per_customer", flags.perCustomer),
  ...given("declines_per_address", flags.perAddress),
  ...given("declines_per_key", flags.perKey)
})

const create = Command.make(
  "create",
  {
    name: Flag.String("name").pipe(Flag.withSchema(Name), Flag.withDescription("What people call it")),
    environment: environment.pipe(Flag.withDefault("test")),
    cust: keyPart("cust-nbr"),
    merch: keyPart("merch-nbr"),
    dba: keyPart("dba-nbr"),
    terminal: keyPart("terminal-nbr"),
    zone: Flag.String("zone").pipe(
      Flag.withSchema(SettlementZone),
      Flag.withDefault("America/New_York"),
      Flag.withDescription("Where the terminal's business day ends")
    ),
    cutoff: Flag.String("cutoff").pipe(
      Flag.withSchema(SettlementCutoff),
      Flag.withDefault("23:00"),
      Flag.withDescription("When it ends there, as HH:MM")
    ),
    lookupKey: secretFile("lookup-key-file", "EPI-Key of Custom Pay"),
    ...options
  },
  (flags) =>
    Effect.gen(function* () {
      const lookupKey = yield* secretOf(LookupKey, flags.lookupKey)
      const merchants = yield* Merchants
      const merchant = yield* merchants.create({
        name: flags.name,
        ...optionsOf(flags),
        terminals: [
          {
            environment: flags.environment,
            cust_nbr: flags.cust,
            merch_nbr: flags.merch,
            dba_nbr: flags.dba,
            terminal_nbr: flags.terminal,
            settlement_zone: flags.zone,
            settlement_cutoff: flags.cutoff,
            ...given("lookup_key", lookupKey)
          }
        ]
      })
      yield* print(Merchant)(merchant)
    }).pipe(onDatabase)
).pipe(Command.withDescription("Add a merchant with its terminal"))

const change = Command.make(
  "change",
  {
    id: Argument.String("id").pipe(Argument.withSchema(MerchantIds.Id), Argument.withDescription("mer_…")),
    name: Flag.String("name").pipe(Flag.withSchema(Name), Flag.optional, Flag.withDescription("What people call it")),
    ...options
  },
  ({ id, name, ...flags }) =>
    Effect.flatMap(Merchants, (merchants) =>
      Effect.flatMap(merchants.change(id, { ...given("name", name), ...optionsOf(flags) }), print(Merchant))
    ).pipe(onDatabase)
).pipe(Command.withDescription("Change what is given of a merchant"))

const list = Command.make("list", { limit }, ({ limit }) =>
  Effect.flatMap(Merchants, (merchants) =>
    Effect.flatMap(merchants.list(limit, undefined), ({ data }) => print(Schema.Array(Merchant))(data))
  ).pipe(onDatabase)
).pipe(Command.withDescription("The newest merchants first"))

export const merchantsCommand = Command.make("merchants").pipe(
  Command.withDescription("Who takes payments"),
  Command.withSubcommands([create, change, list])
)
