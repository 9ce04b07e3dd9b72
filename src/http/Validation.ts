import { Effect, Schema, SchemaIssue } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import { containsCardNumber } from "./CardNumber.ts"
import { FieldError, problem } from "./Problem.ts"

/** The body decodes to JSON but not to what the route takes. */
export class ValidationFailed extends Schema.TaggedError<ValidationFailed>()(
  "ValidationFailed",
  { errors: Schema.Array(FieldError) },
  { httpApiStatus: 422 }
) {
  override get message() {
    return "The request body is not valid: see `errors`."
  }
}

/** A header, query parameter or part of the path is not valid. */
export class InvalidParameter extends Schema.TaggedError<InvalidParameter>()(
  "InvalidParameter",
  { errors: Schema.Array(FieldError) },
  { httpApiStatus: 400 }
) {
  override get message() {
    return "A header or query parameter is missing or not valid: see `errors`."
  }
}

/** Turns what the schemas refuse into problems with JSON pointers. */
export class Validation extends HttpApiMiddleware.Service<Validation>()("payment-service/http/Validation", {
  error: [problem(ValidationFailed), problem(InvalidParameter)]
}) {
  static readonly layer = HttpApiMiddleware.layerSchemaErrorTransform(Validation, (error) => {
    switch (error.kind) {
      case "Payload":
        return Effect.fail(new ValidationFailed({ errors: fieldErrors("", error.cause) }))
      case "Headers":
      case "Query":
      case "Params":
        return Effect.fail(new InvalidParameter({ errors: fieldErrors(`/${error.kind.toLowerCase()}`, error.cause) }))
      default:
        // Our own answer does not fit our schema: a defect, to be logged with its cause.
        return Effect.die(error)
    }
  })
}

/** For a query parameter that a handler reads itself: what the schema of an endpoint would make of it. */
export const queryParameter = <A>(name: string, schema: Schema.Codec<A, string>) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (text: unknown) =>
    Effect.mapError(decode(text), (error) => new InvalidParameter({ errors: fieldErrors(`/query/${name}`, error) }))
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const fieldErrors = (root: string, error: Schema.SchemaError): ReadonlyArray<FieldError> =>
  formatIssues(error.issue).issues.map((issue) => ({
    pointer: (issue.path ?? []).map(segmentOf).reduce((pointer, segment) => `${pointer}/${segment}`, root),
    detail: issue.message
  }))

// An unknown field name is the caller's text: it must not carry a card number into the answer.
const segmentOf = (part: PropertyKey | { readonly key: PropertyKey }): string => {
  const name = String(typeof part === "object" ? part.key : part)
  return containsCardNumber(name) || name.length > 100 ? "…" : name.replaceAll("~", "~0").replaceAll("/", "~1")
}
