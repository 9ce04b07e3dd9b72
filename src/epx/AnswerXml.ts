import { parseXml, XmlElement } from "@rgrove/parse-xml"
import { Effect, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { TextFields } from "./TextFields.ts"

/** Fields that decide something: which of two values counts must never be a guess. */
const singular: ReadonlySet<string> = new Set([
  "CUST_NBR",
  "MERCH_NBR",
  "DBA_NBR",
  "TERMINAL_NBR",
  "BATCH_ID",
  "TRAN_NBR",
  "ORIG_TRAN_TYPE",
  "AUTH_GUID",
  "AUTH_RESP",
  "NETWORK_RESPONSE",
  "AUTH_AMOUNT",
  "AUTH_CURRENCY_CODE"
])

const elements = (parent: XmlElement): ReadonlyArray<XmlElement> =>
  parent.children.filter((child) => child instanceof XmlElement)

const fieldsElement = (xml: string): Result.Result<XmlElement, string> => {
  // A document type declares entities, so it is refused before the parser can meet one.
  if (/<!DOCTYPE/i.test(xml)) return Result.fail("a document type declaration")
  const parsed = Result.try({ try: () => parseXml(xml).root, catch: () => "not well-formed XML" })
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const root = parsed.success
  if (root === null || root.name !== "RESPONSE") return Result.fail("no RESPONSE element")
  const [fields, ...others] = elements(root).filter((child) => child.name === "FIELDS")
  return fields === undefined || others.length > 0
    ? Result.fail("not exactly one FIELDS element")
    : Result.succeed(fields)
}

type Entry = readonly [key: string, value: string]

const head = "<RESPONSE><FIELDS>"
const tail = "</FIELDS></RESPONSE>"

/** EPX's own spelling, a line of fields without anything that XML would read in another way; it is read at once. */
const plainEntries = (xml: string): ReadonlyArray<Entry> | undefined => {
  if (!xml.startsWith(head) || !xml.endsWith(tail)) return undefined
  const entries: Array<Entry> = []
  const field = /<FIELD KEY="([0-9A-Z_]+)">([ -%'-;=?-~]*)<\/FIELD>/y
  field.lastIndex = head.length
  while (field.lastIndex < xml.length - tail.length) {
    const [, key, value] = field.exec(xml) ?? []
    if (key === undefined || value === undefined) return undefined
    entries.push([key, value])
  }
  return entries
}

const parsedEntries = (xml: string): Result.Result<ReadonlyArray<Entry>, string> => {
  const parent = fieldsElement(xml)
  if (Result.isFailure(parent)) return Result.fail(parent.failure)
  const entries: Array<Entry> = []
  for (const field of elements(parent.success)) {
    const key = field.attributes.KEY
    if (field.name !== "FIELD" || key === undefined) continue
    if (elements(field).length > 0) return Result.fail("an element inside a FIELD")
    entries.push([key, field.text])
  }
  return Result.succeed(entries)
}

const readFields = (xml: string): Result.Result<Readonly<Record<string, string>>, string> => {
  const plain = plainEntries(xml)
  return plain === undefined ? Result.flatMap(parsedEntries(xml), fieldsOf) : fieldsOf(plain)
}

const fieldsOf = (entries: ReadonlyArray<Entry>): Result.Result<Readonly<Record<string, string>>, string> => {
  const values = new Map<string, string>()
  for (const [key, text] of entries) {
    if (!values.has(key)) values.set(key, text.trim())
    else if (singular.has(key)) return Result.fail(`a second ${key}`)
  }
  for (const [key, value] of values) if (value === "") values.delete(key)
  return Result.succeed(Object.fromEntries(values))
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;"
}

const escape = (text: string): string => text.replace(/[&<>"\r]/g, (char) => escapes[char] ?? char)

const writeFields = (fields: typeof TextFields.Type): string =>
  `<RESPONSE><FIELDS>${Object.entries(fields)
    .map(([key, value = ""]) => `<FIELD KEY="${escape(key)}">${escape(value)}</FIELD>`)
    .join("")}</FIELDS></RESPONSE>`

/**
 * EPX's response document as trimmed, non-empty values by key. Unknown fields are kept, an empty one is an absent one;
 * the order of fields means nothing (EPX Server Post guide, response format).
 */
export const AnswerXml = Schema.String.pipe(
  Schema.decodeTo(
    TextFields,
    SchemaTransformation.transformEffect<typeof TextFields.Type, string>({
      decode: (xml, options) =>
        Result.match(readFields(xml), {
          onFailure: (problem) =>
            Effect.fail(new SchemaIssue.InvalidValue({ expected: `an EPX response, not ${problem}` }, xml, options)),
          onSuccess: (fields) => Effect.succeed(fields)
        }),
      encode: (fields) => Effect.succeed(writeFields(fields))
    })
  )
)
