import { Schema, SchemaGetter, Struct } from "effect"
import { ProblemDetails } from "effect/http"
import { HttpApiSchema } from "effect/http-api"

/** One wrong value of a request, named by its JSON pointer (RFC 6901) and never echoed. */
export const FieldError = Schema.Struct({ pointer: Schema.String, detail: Schema.String }).annotate({
  identifier: "FieldError",
  description: "One wrong value of the request: its JSON pointer (RFC 6901) and what is wrong with it."
})
export type FieldError = typeof FieldError.Type

const words = (tag: string, separator: string) =>
  tag.replace(/(?!^)([A-Z])/g, (letter) => `${separator}${letter.toLowerCase()}`)

/** The stable name of an error, by which clients tell problems apart: `PaymentNotFound` is `payment_not_found`. */
const codeOf = (tag: string): string => words(`${tag.charAt(0).toLowerCase()}${tag.slice(1)}`, "_")

const typeOf = (code: string) => `urn:payment-service:problem:${code}`

/** The members every problem of this API has (RFC 9457 and ours); `request_id` is added as the answer leaves. */
export const problemBody = (tag: string, status: number, detail: string) => ({
  type: typeOf(codeOf(tag)),
  title: words(tag, " "),
  status,
  code: codeOf(tag),
  detail
})

/** What every problem has, for clients that need no more. */
export const Problem = Schema.StructWithRest(
  Schema.Struct({
    type: Schema.String,
    title: Schema.String,
    status: Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 599 })),
    code: Schema.String.annotate({ description: "The stable name by which to tell problems apart." }),
    detail: Schema.String.annotate({ description: "For people: it may change." }),
    request_id: Schema.String.annotate({ description: "The `X-Request-Id` of the answer." }),
    errors: Schema.optionalKey(Schema.Array(FieldError))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
).annotate({
  identifier: "Problem",
  description: "An error as RFC 9457 has it. Some problems have members of their own."
})

interface ProblemError {
  readonly _tag: string
  readonly message: string
}

interface ProblemErrorClass<E> extends Schema.Top {
  readonly Type: E
  readonly identifier: string
  readonly fields: Schema.Struct.Fields
  new (members: never): E
}

/**
 * Renders a domain error as `application/problem+json`: code and title from its tag, status from its `httpApiStatus`,
 * detail from its message, and its own fields beside them.
 */
export const problem = <E extends ProblemError>(error: ProblemErrorClass<E>): Schema.Codec<E, unknown> => {
  const known = rendered.get(error)
  // cast: the map is filled with the codec of its key only.
  if (known !== undefined) return known as Schema.Codec<E, unknown>
  const codec = render(error)
  rendered.set(error, codec)
  return codec
}

// One codec an error, so that the OpenAPI description names it once.
const rendered = new WeakMap<object, Schema.Top>()

const render = <E extends ProblemError>(error: ProblemErrorClass<E>): Schema.Codec<E, unknown> => {
  const body = problemBody(error.identifier, statusOf(error), "")
  const own = Struct.omit(error.fields, ["_tag"])
  const wire = Schema.Struct({
    ...own,
    type: Schema.tag(body.type),
    title: Schema.tag(body.title),
    status: Schema.tag(body.status),
    code: Schema.tag(body.code),
    detail: Schema.String,
    request_id: Schema.optionalKey(Schema.String)
  }).annotate({ identifier: `${error.identifier}Problem` })
  const members = (raised: E) => Object.fromEntries(Object.entries(raised).filter(([key]) => key in own))
  // cast: the class's own fields are spread into `wire`, which the compiler cannot follow for an unknown class.
  return wire.pipe(
    Schema.decodeTo(Schema.toType(error), {
      decode: SchemaGetter.transform((given: object) => new error(given as never)),
      encode: SchemaGetter.transform((raised: E) => ({ ...body, ...members(raised), detail: raised.message }))
    } as never),
    Schema.annotate({ description: `${body.title} (\`${body.code}\`)` }),
    HttpApiSchema.asJson({ contentType: ProblemDetails.contentType })
  ) as never
}

const statusOf = (error: Schema.Top): number => {
  const status = Schema.resolveAnnotations(error)?.["httpApiStatus"]
  return typeof status === "number" ? status : 500
}
