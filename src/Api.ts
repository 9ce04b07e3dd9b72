import { HttpApi, OpenApi } from "effect/http-api"
import { Validation } from "./http/Validation.ts"
import { PaymentsApi } from "./payments/PaymentsApi.ts"

/** The contract of the service. It imports no implementation, so a client may import it. */
export class Api extends HttpApi.make("payment-service")
  .add(PaymentsApi)
  .middleware(Validation)
  .annotate(HttpApi.ParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotate(HttpApi.HeadersParseOptions, {})
  .annotate(OpenApi.Title, "Payment service")
  .annotate(OpenApi.Version, "1") {}
