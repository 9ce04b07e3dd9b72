import { HttpApi } from "effect/http-api"
import { AuditEventsApi } from "./audit/AuditEventsApi.ts"
import { ExceptionsApi } from "./exceptions/ExceptionsApi.ts"
import { described } from "./http/Operation.ts"
import { Problem } from "./http/Problem.ts"
import { Validation } from "./http/Validation.ts"
import { KillSwitchesApi } from "./kill-switches/KillSwitchesApi.ts"
import { ApiKeysApi } from "./merchants/ApiKeysApi.ts"
import { MerchantsApi } from "./merchants/MerchantsApi.ts"
import { ProfilesApi } from "./profiles/ProfilesApi.ts"

/** What operators may do, on the port of operations. Only operator keys open it. */
export class OperatorApi extends HttpApi.make("operator")
  .add(MerchantsApi)
  .add(ApiKeysApi)
  .add(ExceptionsApi)
  .add(KillSwitchesApi)
  .add(AuditEventsApi)
  .add(ProfilesApi)
  .middleware(Validation)
  .annotate(HttpApi.ParseOptions, { onExcessProperty: "error", errors: "all" })
  // Every client sends headers that no route declares.
  .annotate(HttpApi.HeadersParseOptions, {})
  .annotate(HttpApi.AdditionalSchemas, [Problem])
  .annotateMerge(
    described(
      "Payment service: operators",
      "Merchants, their terminals and API keys, what needs a person, what is stopped, what operators did, and " +
        "profiles of the process, on the port of operations. " +
        "Only operator keys open it."
    )
  ) {}
