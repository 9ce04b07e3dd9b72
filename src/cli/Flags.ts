import { Effect, Option, Schema } from "effect"
import { Flag } from "effect/cli"
import { MerchantIds } from "../domain/Ids.ts"

export const environment = Flag.Literals("environment", ["test", "live"]).pipe(
  Flag.withDescription("Which side of the merchant: test goes to EPX's sandbox")
)

export const limit = Flag.Int("limit").pipe(
  Flag.withDefault(25),
  Flag.withDescription("How many, 1 to 100"),
  Flag.filter(
    (n) => n >= 1 && n <= 100,
    () => "1 to 100"
  )
)

export const merchantId = Flag.String("merchant").pipe(Flag.withSchema(MerchantIds.Id))

/** A secret is read from a file, since everybody on the machine can read arguments. */
export const secretFile = (name: string, description: string) =>
  Flag.FileText(name).pipe(
    Flag.map((text) => text.trim()),
    Flag.optional,
    Flag.withDescription(`${description}, in a file such as /dev/stdin`)
  )

/** Members for what was given, and none for the rest. */
export const given = <K extends string, A>(name: K, value: Option.Option<A>) => {
  const members = Option.match(value, { onNone: () => ({}), onSome: (it) => ({ [name]: it }) })
  // cast: the compiler takes a computed name for any text.
  return members as { readonly [P in K]?: A }
}

/** The secret that was in the file, if one was given. What is wrong with it is told without it. */
export const secretOf = <A>(schema: Schema.Codec<A, string>, text: Option.Option<string>) =>
  Effect.transposeOption(Option.map(text, Schema.decodeEffect(schema)))
