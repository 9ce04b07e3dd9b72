import { DateTime, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { ApiKey, IssuedApiKey } from "../domain/ApiKey.ts"
import { ApiKeyIds } from "../domain/Ids.ts"
import { Name } from "../domain/Merchant.ts"
import { Scope } from "../domain/Scope.ts"
import { ApiKeys } from "../merchants/ApiKeys.ts"
import { environment, limit, merchantId } from "./Flags.ts"
import { onDatabase, print } from "./OnDatabase.ts"

class InvalidFlags extends Schema.TaggedError<InvalidFlags>()("InvalidFlags", { message: Schema.String }) {}

const create = Command.make(
  "create",
  {
    merchant: merchantId.pipe(Flag.optional, Flag.withDescription("Whose key; without it, an operator key")),
    name: Flag.String("name").pipe(Flag.withSchema(Name), Flag.withDescription("What it is for")),
    environment: environment.pipe(Flag.withDefault("test")),
    scope: Flag.Literals("scope", Scope.literals).pipe(
      Flag.atLeast(0),
      Flag.withDescription("What a merchant's key may do; may be repeated")
    ),
    expiresIn: Flag.String("expires-in").pipe(
      Flag.withSchema(Schema.DurationFromString),
      Flag.optional,
      Flag.withDescription("Such as '90 days'; without it, never")
    )
  },
  (flags) =>
    Effect.gen(function* () {
      // A key that opens nothing is a mistake, and so is one whose scopes would be forgotten.
      if (Option.isSome(flags.merchant) !== flags.scope.length > 0) {
        return yield* new InvalidFlags({ message: "A merchant's key needs --scope, and an operator key takes none." })
      }
      const now = yield* DateTime.now
      const key = {
        name: flags.name,
        environment: flags.environment,
        expiresAt: Option.match(flags.expiresIn, {
          onNone: () => null,
          onSome: (duration) => DateTime.addDuration(now, duration)
        })
      }
      const issued = Effect.flatMap(ApiKeys, (apiKeys) =>
        Option.match(flags.merchant, {
          onNone: () => apiKeys.createForOperator(key),
          onSome: (merchant) => apiKeys.createForMerchant(merchant, { ...key, scopes: flags.scope })
        })
      )
      yield* Effect.flatMap(onDatabase(issued), print(IssuedApiKey))
    })
).pipe(Command.withDescription("Make an API key. Its secret is shown this once"))

const revoke = Command.make(
  "revoke",
  { id: Argument.String("id").pipe(Argument.withSchema(ApiKeyIds.Id), Argument.withDescription("key_…")) },
  ({ id }) => Effect.flatMap(ApiKeys, (apiKeys) => Effect.flatMap(apiKeys.revoke(id), print(ApiKey))).pipe(onDatabase)
).pipe(Command.withDescription("Make an API key useless at once"))

const list = Command.make("list", { limit }, ({ limit }) =>
  Effect.flatMap(ApiKeys, (apiKeys) =>
    Effect.flatMap(apiKeys.list(limit, undefined, undefined), ({ data }) => print(Schema.Array(ApiKey))(data))
  ).pipe(onDatabase)
).pipe(Command.withDescription("The newest API keys first, without their secrets"))

export const keysCommand = Command.make("keys").pipe(
  Command.withDescription("API keys of merchants and operators"),
  Command.withSubcommands([create, revoke, list])
)
