import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { DatabaseUnavailable } from "../domain/DatabaseUnavailable.ts"
import { MerchantIds, TerminalIds } from "../domain/Ids.ts"
import {
  Merchant,
  MerchantChange,
  MerchantHasTerminal,
  MerchantNotFound,
  NewMerchant,
  NewTerminal,
  Terminal,
  TerminalChange,
  TerminalNotFound,
  TerminalTaken
} from "../domain/Merchant.ts"
import { PreconditionFailed } from "../domain/PreconditionFailed.ts"
import { OperatorAuthentication } from "../http/Authentication.ts"
import { ifMatchHeader, ifMatchParameter } from "../http/IfMatch.ts"
import { operation } from "../http/Operation.ts"
import { limit, pageParameters } from "../http/Page.ts"
import { problem } from "../http/Problem.ts"
import { merchantExample, newTerminalExample, terminalExample } from "./Examples.ts"

const merchant = { id: MerchantIds.Id }
const merchantParameter = { id: { description: "The id of the merchant.", example: merchantExample.id } }
/** With the version of the merchant, to be sent back as `If-Match`. */
const Tagged = <S extends Schema.Top>(schema: S) => HttpApiSchema.WithHeaders(schema, { etag: Schema.String })

const merchantErrors = [problem(MerchantNotFound), problem(DatabaseUnavailable)]

export class MerchantsApi extends HttpApiGroup.make("merchants")
  .add(
    HttpApiEndpoint.post("create", "/v1/merchants", {
      payload: NewMerchant,
      success: Merchant.pipe(HttpApiSchema.status(201)),
      error: [problem(TerminalTaken), problem(MerchantHasTerminal), problem(DatabaseUnavailable)]
    }).annotateMerge(
      operation({
        summary: "Create a merchant",
        request: { name: "Shop", terminals: [newTerminalExample] },
        answers: { 201: merchantExample }
      })
    ),
    HttpApiEndpoint.get("list", "/v1/merchants", {
      query: { limit, starting_after: Schema.optionalKey(MerchantIds.Id) },
      success: Schema.Struct({ data: Schema.Array(Merchant), has_more: Schema.Boolean }).annotate({
        identifier: "MerchantList"
      }),
      error: problem(DatabaseUnavailable)
    }).annotateMerge(
      operation({
        summary: "List merchants, the newest first",
        parameters: pageParameters,
        answers: { 200: { data: [merchantExample], has_more: false } }
      })
    ),
    HttpApiEndpoint.get("get", "/v1/merchants/:id", {
      params: merchant,
      success: Tagged(Merchant),
      error: merchantErrors
    }).annotateMerge(
      operation({ summary: "Read a merchant", parameters: merchantParameter, answers: { 200: merchantExample } })
    ),
    HttpApiEndpoint.patch("change", "/v1/merchants/:id", {
      params: merchant,
      headers: ifMatchHeader,
      payload: MerchantChange,
      success: Tagged(Merchant),
      error: [...merchantErrors, problem(PreconditionFailed)]
    }).annotateMerge(
      operation({
        summary: "Change a merchant",
        description: "What is not given stays as it is. It holds for every charge that comes after the answer.",
        parameters: { ...merchantParameter, "if-match": ifMatchParameter },
        request: { name: "Shop", reject_on_cvv: false },
        answers: { 200: merchantExample }
      })
    ),
    HttpApiEndpoint.post("suspend", "/v1/merchants/:id/suspend", {
      params: merchant,
      success: Merchant,
      error: merchantErrors
    }).annotateMerge(
      operation({
        summary: "Suspend a merchant",
        description: "Its keys can still read. No charge of it is accepted once this is answered.",
        parameters: merchantParameter,
        answers: { 200: { ...merchantExample, status: "suspended" } }
      })
    ),
    HttpApiEndpoint.post("activate", "/v1/merchants/:id/activate", {
      params: merchant,
      success: Merchant,
      error: merchantErrors
    }).annotateMerge(
      operation({
        summary: "Activate a suspended merchant",
        parameters: merchantParameter,
        answers: { 200: merchantExample }
      })
    ),
    HttpApiEndpoint.post("addTerminal", "/v1/merchants/:id/terminals", {
      params: merchant,
      payload: NewTerminal,
      success: Terminal.pipe(HttpApiSchema.status(201)),
      error: [...merchantErrors, problem(TerminalTaken), problem(MerchantHasTerminal)]
    }).annotateMerge(
      operation({
        summary: "Add a terminal to a merchant",
        description: "A merchant has one terminal in each environment.",
        parameters: merchantParameter,
        request: newTerminalExample,
        answers: { 201: terminalExample }
      })
    ),
    HttpApiEndpoint.patch("changeTerminal", "/v1/merchants/:id/terminals/:terminal_id", {
      params: { ...merchant, terminal_id: TerminalIds.Id },
      headers: ifMatchHeader,
      payload: TerminalChange,
      success: Tagged(Terminal),
      error: [problem(TerminalNotFound), problem(PreconditionFailed), problem(DatabaseUnavailable)]
    }).annotateMerge(
      operation({
        summary: "Change a terminal",
        description:
          "What is not given stays as it is. Business dates already fixed do not change. " +
          "A `lookup_key` of null is forgotten. Its `ETag` is that of its merchant.",
        parameters: {
          ...merchantParameter,
          terminal_id: { description: "The id of the terminal.", example: terminalExample.id },
          "if-match": ifMatchParameter
        },
        request: { settlement_zone: "America/New_York", settlement_cutoff: "23:00" },
        answers: { 200: terminalExample }
      })
    )
  )
  .middleware(OperatorAuthentication)
  .annotateMerge(
    OpenApi.annotations({ title: "Merchants", description: "Who takes payments, and through which terminals." })
  ) {}
