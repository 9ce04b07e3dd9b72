import { Duration } from "effect"
import { OpenApi } from "effect/http-api"
import { mostLag } from "../domain/Lag.ts"

/** What the schemas of an endpoint cannot say. Examples are JSON as it is on the wire. */
export interface Documentation {
  readonly summary: string
  readonly description?: string
  /** What it reads may come from a replica, and be as old as that. */
  readonly toleratesLag?: true
  /** By the name of the parameter. */
  readonly parameters?: Readonly<Record<string, ParameterDocumentation>>
  /** Optional ones that the handler reads itself, for what a schema would cost who does not send them. */
  readonly ownParameters?: ReadonlyArray<OwnParameter>
  /** An example of the request body. */
  readonly request?: unknown
  /** An example of each answer by its status. */
  readonly answers?: Readonly<Record<number, unknown>>
}

interface ParameterDocumentation {
  readonly description: string
  /** Where the text in the URL stands for something else: JSON Schema of what it stands for. */
  readonly schema?: object
  readonly example?: string | number
}

interface OwnParameter extends ParameterDocumentation {
  readonly name: string
  readonly in: "header" | "query"
  readonly schema: object
}

interface Parameter {
  readonly name: string
}

interface Body {
  readonly description?: string
  readonly content?: Readonly<Record<string, object>>
}

/** Documents an endpoint in the OpenAPI description. */
export const operation = (documentation: Documentation) => {
  const { answers = {}, ownParameters = [], parameters = {}, request, summary } = documentation
  return OpenApi.annotations({
    summary,
    description: descriptionOf(documentation),
    transform: (made) => {
      const known: ReadonlyArray<Parameter> = made["parameters"]
      const body: Body | undefined = made["requestBody"]
      const responses: Readonly<Record<string, Body>> = made["responses"]
      // The description of a schema tells two successes apart; of a single one it says nothing new.
      const hasChoice = Object.keys(responses).filter(isSuccess).length > 1
      return {
        ...made,
        parameters: [
          ...known.map((parameter) => ({ ...parameter, ...parameterOf(parameters[parameter.name] ?? {}) })),
          ...ownParameters.map(({ name, in: place, schema, ...rest }) => ({
            name,
            in: place,
            schema,
            required: false,
            ...parameterOf(rest)
          }))
        ],
        ...(body === undefined ? {} : { requestBody: withExample(body, request) }),
        responses: {
          ...Object.fromEntries(
            Object.entries(responses).map(([status, answer]) => [
              status,
              withExample(
                hasChoice || !isSuccess(status) ? answer : { ...answer, description: "Success" },
                answers[Number(status)]
              )
            ])
          ),
          default: anyProblem
        }
      }
    }
  })
}

const descriptionOf = ({ description, toleratesLag }: Documentation): string | undefined =>
  toleratesLag === undefined ? description : [description ?? "", lagging].join(" ").trimStart()

const lagging = `Where there is a read replica, the list may lag by up to ${Duration.toSeconds(mostLag)} seconds.`

// By the same name everywhere: the reference page shows what belongs together.
const examples = (value: unknown) => ({ examples: { usual: { value } } })

const parameterOf = ({ example, ...rest }: Partial<ParameterDocumentation>) =>
  example === undefined ? rest : { ...rest, ...examples(example) }

const isSuccess = (status: string): boolean => status.startsWith("2")

const anyProblem = {
  description: "Any other problem, such as a body that is not JSON or is too large, or an error on our side",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }
}

const withExample = (body: Body, example: unknown): Body =>
  example === undefined || body.content === undefined
    ? body
    : {
        ...body,
        content: Object.fromEntries(
          Object.entries(body.content).map(([type, media]) => [type, { ...media, ...examples(example) }])
        )
      }

interface Spec {
  readonly components: { readonly securitySchemes: Readonly<Record<string, object>> }
}

/** Describes an API as a whole: its problems, and its bearer scheme in the letters that tools look for. */
export const described = (title: string, description: string) =>
  OpenApi.annotations({
    title,
    version: "1",
    description,
    transform: (made) => {
      const components: Spec["components"] = made["components"]
      const bearer = { ...components.securitySchemes["bearer"], scheme: "bearer" }
      return { ...made, components: { ...components, securitySchemes: { bearer } } }
    }
  })
