import { HttpApi } from "effect/http-api"
import { EventsApi } from "./events/EventsApi.ts"
import { described } from "./http/Operation.ts"
import { Problem } from "./http/Problem.ts"
import { Validation } from "./http/Validation.ts"
import { PaymentsApi } from "./payments/PaymentsApi.ts"
import { TimelineApi } from "./payments/TimelineApi.ts"

/** The contract of the service. It imports no implementation, so a client may import it. */
export class Api extends HttpApi.make("payment-service")
  .add(PaymentsApi)
  .add(TimelineApi)
  .add(EventsApi)
  .middleware(Validation)
  .annotate(HttpApi.ParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotate(HttpApi.HeadersParseOptions, {})
  .annotate(HttpApi.AdditionalSchemas, [Problem])
  .annotateMerge(
    described(
      "Payment service",
      "Card payments over HTTP. Amounts are integers in minor units, times are UTC, and errors are problems as " +
        "RFC 9457 has them, with a stable `code`. Every answer carries an `X-Request-Id`. A card number is refused " +
        "wherever it stands: send a token."
    )
  ) {}
