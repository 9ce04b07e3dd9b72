import { join } from "node:path"
import { Predicate } from "effect"
import { parseAst } from "vitest/node"

/** A node of the ESTree that the test runner's own parser makes. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** A node with the nodes around it, innermost first. */
export interface Place {
  readonly node: Node
  readonly around: ReadonlyArray<Node>
}

export interface Comment {
  /** Without slashes and stars. Line comments that follow each other are one. */
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface Import {
  /** As written for packages; relative to the project for our own files. */
  readonly target: string
  readonly isOurs: boolean
  /** Nothing is loaded when the program runs. */
  readonly isType: boolean
  readonly names: ReadonlyArray<string>
  readonly start: number
}

/** One file of TypeScript, parsed: what the rules about code look at. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly places: ReadonlyArray<Place>
  readonly comments: ReadonlyArray<Comment>
  readonly imports: ReadonlyArray<Import>
  readonly lineOf: (offset: number) => number
}

/** `path` is relative to the project, with slashes. Throws when the text is not TypeScript. */
export const parse = (path: string, text: string): Source => {
  const program = programOf(path, text)
  const places = isNode(program) ? collect(program) : []
  return {
    path,
    text,
    places,
    comments: commentsOf(text, places),
    imports: places.flatMap((place) => importOf(path, place)),
    lineOf: (offset) => text.slice(0, offset).split("\n").length
  }
}

const programOf = (path: string, text: string): unknown => {
  try {
    return parseAst(text, { lang: "ts", sourceType: "module" })
  } catch (cause) {
    throw new Error(`${path} is not TypeScript`, { cause })
  }
}

export const isNode = (value: unknown): value is Node =>
  Predicate.hasProperty(value, "type") && typeof value.type === "string" && Predicate.hasProperty(value, "start")

/** The identifier that an expression is, or `""`. */
export const nameOf = (value: unknown): string =>
  isNode(value) && value.type === "Identifier" && typeof value.name === "string" ? value.name : ""

/** `object.property` of a member access, also as `object["property"]`; `""` for other nodes. */
export const memberOf = (value: unknown): string => {
  if (!isNode(value) || value.type !== "MemberExpression") return ""
  const property = value.computed === true ? literalOf(value.property) : nameOf(value.property)
  return `${nameOf(value.object)}.${property}`
}

const literalOf = (value: unknown): string =>
  isNode(value) && value.type === "Literal" && typeof value.value === "string" ? value.value : ""

const collect = (program: Node): ReadonlyArray<Place> => {
  const places: Array<Place> = []
  const visit = (value: unknown, around: ReadonlyArray<Node>): void => {
    const isHere = isNode(value)
    if (isHere) places.push({ node: value, around })
    if (!isHere && !Array.isArray(value)) return
    const inner = isHere ? [value, ...around] : around
    for (const child of Object.values(value)) visit(child, inner)
  }
  visit(program, [])
  return places
}

const literals: ReadonlySet<string> = new Set(["Literal", "TemplateElement", "Hashbang"])

// The parser hands out no comments, but once strings, templates and patterns are blank, what looks like one is one.
const commentsOf = (text: string, places: ReadonlyArray<Place>): ReadonlyArray<Comment> => {
  let blanked = text
  for (const { node } of places) {
    if (literals.has(node.type)) {
      blanked = blanked.slice(0, node.start) + " ".repeat(node.end - node.start) + blanked.slice(node.end)
    }
  }
  return Array.from(blanked.matchAll(/\/\/.*(\n[ \t]*\/\/.*)*|\/\*[\s\S]*?\*\//g), ({ index, 0: { length } }) => {
    const inside = text.slice(index, index + length).replace(/^\/(\/|\*+)|\*\/$/g, "")
    return { text: inside.replace(/\n[ \t]*(\/\/|\*)[ \t]?/g, "\n"), start: index, end: index + length }
  })
}

const importOf = (path: string, { node }: Place): ReadonlyArray<Import> => {
  const target = literalOf(node.source)
  if (!importing.has(node.type) || target === "") return []
  const isOurs = target.startsWith(".")
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers : []
  return [
    {
      target: isOurs ? join(path, "..", target) : target,
      isOurs,
      isType: node.type === "TSImportType" || node.importKind === "type" || node.exportKind === "type",
      names: specifiers.map((specifier) => nameOf(specifier.imported)),
      start: node.start
    }
  ]
}

const importing: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ImportExpression",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "TSImportType"
])
