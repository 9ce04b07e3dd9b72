import { Schema, SchemaGetter, Struct } from "effect"
import { ProblemDetails } from "effect/http"
import { HttpApiSchema } from "effect/http-api"

/** One wrong value of a request, named by its JSON pointer (RFC 6901) and never echoed. */
export const FieldError = Schema.Struct({ pointer: Schema.String, detail: Schema.String })
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
  })
  const members = (raised: E) => Object.fromEntries(Object.entries(raised).filter(([key]) => key in own))
  // cast: the class's own fields are spread into `wire`, which the compiler cannot follow for an unknown class.
  return wire.pipe(
    Schema.decodeTo(Schema.toType(error), {
      decode: SchemaGetter.transform((given: object) => new error(given as never)),
      encode: SchemaGetter.transform((raised: E) => ({ ...body, ...members(raised), detail: raised.message }))
    } as never),
    HttpApiSchema.asJson({ contentType: ProblemDetails.contentType })
  ) as never
}

const statusOf = (error: Schema.Top): number => {
  const status = Schema.resolveAnnotations(error)?.["httpApiStatus"]
  return typeof status === "number" ? status : 500
}
