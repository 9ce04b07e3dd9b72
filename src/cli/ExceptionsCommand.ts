import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Bric } from "../domain/Bric.ts"
import { Exception, Outcome } from "../domain/Exception.ts"
import { TransactionIds } from "../domain/Ids.ts"
import { Amount } from "../domain/Money.ts"
import { Exceptions } from "../exceptions/Exceptions.ts"
import { ResolvedException } from "../exceptions/ExceptionsApi.ts"
import { AuthorizationCode, Evidence } from "../exceptions/NewResolution.ts"
import { environment, given, limit, merchantId, secretFile, secretOf } from "./Flags.ts"
import { onDatabase, print } from "./OnDatabase.ts"

const list = Command.make(
  "list",
  {
    limit,
    environment: environment.pipe(Flag.optional),
    merchant: merchantId.pipe(Flag.optional, Flag.withDescription("Whose; without it, everybody's"))
  },
  ({ environment, limit, merchant }) =>
    Effect.flatMap(Exceptions, (exceptions) =>
      Effect.flatMap(
        exceptions.list({ limit, ...given("environment", environment), ...given("merchant_id", merchant) }),
        ({ data }) => print(Schema.Array(Exception))(data)
      )
    ).pipe(onDatabase)
).pipe(Command.withDescription("What needs a person, the oldest first"))

class NotApproved extends Schema.TaggedError<NotApproved>()("NotApproved", {}) {
  override get message() {
    return "--bric-file, --authorization-code and --amount go with --outcome approved only."
  }
}

const resolve = Command.make(
  "resolve",
  {
    id: Argument.String("id").pipe(Argument.withSchema(TransactionIds.Id), Argument.withDescription("txn_…")),
    outcome: Flag.Literals("outcome", Outcome.literals).pipe(Flag.withDescription("What became of it at EPX")),
    evidence: Flag.String("evidence").pipe(
      Flag.withDescription("How that is known; it is kept, and holds no token or card number")
    ),
    authorizationCode: Flag.String("authorization-code").pipe(
      Flag.withSchema(AuthorizationCode),
      Flag.optional,
      Flag.withDescription("Of an approval")
    ),
    amount: Flag.Int("amount").pipe(
      Flag.withSchema(Amount),
      Flag.optional,
      Flag.withDescription("What was approved of a sale or authorization, in cents, if less than was asked")
    ),
    bric: secretFile("bric-file", "EPX's token of the call (AUTH_GUID), for later refunds and voids")
  },
  ({ amount, authorizationCode, bric, evidence, id, outcome }) =>
    Effect.gen(function* () {
      const isApproval = Option.isSome(amount) || Option.isSome(authorizationCode) || Option.isSome(bric)
      if (outcome !== "approved" && isApproval) return yield* new NotApproved()
      const token = given("bric", yield* secretOf(Schema.RedactedFromValue(Bric), bric))
      // A flag that is refused is repeated in the complaint, and this one may hold a card number.
      yield* Schema.decodeEffect(Evidence)(evidence)
      const code = given("authorization_code", authorizationCode)
      const resolution = { outcome, evidence, ...code, ...token, ...given("amount", amount) }
      const resolved = Effect.flatMap(Exceptions, (exceptions) => exceptions.resolve(id, resolution))
      yield* Effect.flatMap(onDatabase(resolved), print(ResolvedException))
    })
).pipe(Command.withDescription("Say what became of a call, with evidence. It cannot be taken back"))

export const exceptionsCommand = Command.make("exceptions").pipe(
  Command.withDescription("What the service cannot bring to an end by itself"),
  Command.withSubcommands([list, resolve])
)
