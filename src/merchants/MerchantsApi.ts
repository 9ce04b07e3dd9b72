import { Effect, Schema, Struct } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { MerchantIds, TerminalIds } from "../domain/Ids.ts"
import {
  Merchant,
  MerchantHasTerminal,
  MerchantNotFound,
  Name,
  NewMerchant,
  NewTerminal,
  Settlement,
  Terminal,
  TerminalNotFound,
  TerminalTaken
} from "../domain/Merchant.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { problem } from "../http/Problem.ts"

const Limit = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100 }))

/** How many entries of a list to return. */
export const limit = Limit.pipe(Schema.withDecodingDefaultKey(Effect.succeed("25")))

const merchant = { id: MerchantIds.Id }
const merchantErrors = [problem(MerchantNotFound), problem(DatabaseUnavailable)]

export class MerchantsApi extends HttpApiGroup.make("merchants")
  .add(
    HttpApiEndpoint.post("create", "/v1/merchants", {
      payload: NewMerchant,
      success: Merchant.pipe(HttpApiSchema.status(201)),
      error: [problem(TerminalTaken), problem(MerchantHasTerminal), problem(DatabaseUnavailable)]
    }),
    HttpApiEndpoint.get("list", "/v1/merchants", {
      query: { limit, starting_after: Schema.optionalKey(MerchantIds.Id) },
      success: Schema.Struct({ data: Schema.Array(Merchant), has_more: Schema.Boolean }),
      error: problem(DatabaseUnavailable)
    }),
    HttpApiEndpoint.get("get", "/v1/merchants/:id", { params: merchant, success: Merchant, error: merchantErrors }),
    HttpApiEndpoint.patch("rename", "/v1/merchants/:id", {
      params: merchant,
      payload: Schema.Struct({ name: Name }),
      success: Merchant,
      error: merchantErrors
    }),
    HttpApiEndpoint.post("suspend", "/v1/merchants/:id/suspend", {
      params: merchant,
      success: Merchant,
      error: merchantErrors
    }),
    HttpApiEndpoint.post("activate", "/v1/merchants/:id/activate", {
      params: merchant,
      success: Merchant,
      error: merchantErrors
    }),
    HttpApiEndpoint.post("addTerminal", "/v1/merchants/:id/terminals", {
      params: merchant,
      payload: NewTerminal,
      success: Terminal.pipe(HttpApiSchema.status(201)),
      error: [...merchantErrors, problem(TerminalTaken), problem(MerchantHasTerminal)]
    }),
    HttpApiEndpoint.patch("changeSettlement", "/v1/merchants/:id/terminals/:terminal_id", {
      params: { ...merchant, terminal_id: TerminalIds.Id },
      payload: Settlement.mapFields(Struct.map(Schema.optionalKey)),
      success: Terminal,
      error: [problem(TerminalNotFound), problem(DatabaseUnavailable)]
    })
  )
  .middleware(OperatorAuthentication) {}
