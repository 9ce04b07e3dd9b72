import { type Entry, isAnswerField } from "../Answer.ts"
import { parseCents, printCents } from "../Cents.ts"
import { type Fault, mild } from "./Fault.ts"

type Edit = NonNullable<Fault["editEntries"]>

const drop =
  (field: string): Edit =>
  (entries) =>
    entries.filter(([name]) => name !== field)

const change =
  (field: string, edit: (value: string) => string): Edit =>
  (entries) =>
    entries.map((entry): Entry => (entry[0] === field ? [field, edit(entry[1])] : entry))

const shuffle: Edit = (entries, generator) => {
  const left = [...entries]
  const shuffled: Array<Entry> = []
  while (left.length > 0) shuffled.push(...left.splice(generator.below(left.length), 1))
  return shuffled
}

const duplicateResponse: Edit = (entries) =>
  entries.flatMap(
    (entry): ReadonlyArray<Entry> =>
      entry[0] === "AUTH_RESP" ? [entry, ["AUTH_RESP", entry[1] === "00" ? "05" : "00"]] : [entry]
  )

const swap: Edit = (entries, generator) => {
  const other = change("TRAN_NBR", (value) => `${(Number(value) % 9_999_999_999) + 1}`)(entries, generator)
  return change("AUTH_GUID", () => generator.bric())(other, generator)
}

const wrongAmount: Edit = change("AUTH_AMOUNT", (value) => {
  const cents = parseCents(value) ?? 0
  return printCents(cents > 1 ? cents - 1 : cents + 1)
})

const accented = change("AUTH_RESP_TEXT", (text) => `${text} APROBACIÓN`)

const edit = (name: string, editEntries: Edit, isReadable = true): Fault => ({ ...mild(name), editEntries, isReadable })

const xml = (name: string, editXml: (document: string) => string, isReadable = true): Fault => ({
  ...mild(name),
  editXml,
  isReadable
})

const declaration = '<?xml version="1.0" encoding="UTF-8"?>'

const entityAttack = '<!DOCTYPE RESPONSE [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'

const laughs = `<!DOCTYPE RESPONSE [<!ENTITY a0 "ha">${Array.from(
  { length: 30 },
  (_, index) => `<!ENTITY a${index + 1} "&a${index};&a${index};">`
).join("")}]>`

/** Puts an entity reference where the display text would be. */
const withEntity = (document: string, entity: string): string =>
  document.replace(/(<FIELD KEY="AUTH_RESP_TEXT">)[^<]*/, `$1&${entity};`)

const extras =
  '<!-- more --><FIELD KEY="AUTH_FUTURE"><![CDATA[1 < 2 & 3]]></FIELD><FIELD KEY="AUTH_FUTURE_2">a<!-- b -->c</FIELD>'

const asCdata = (document: string): string =>
  document.replace(/(<FIELD KEY="AUTH_RESP_TEXT">)([^<]*)/, "$1<![CDATA[$2]]>")

const indent = (document: string): string =>
  document
    .replaceAll("<FIELD ", "\n    <FIELD ")
    .replace("<FIELDS>", "\n  <FIELDS>")
    .replace("</FIELDS>", "\n  </FIELDS>")
    .replace("</RESPONSE>", "\n</RESPONSE>\n")

const named: ReadonlyArray<Fault> = [
  edit("NO_NTID", drop("AUTH_TRAN_IDENT")),
  edit("NO_PAR", drop("AUTH_PAR")),
  edit(
    "AMOUNT_4DP",
    change("AUTH_AMOUNT_REQUESTED", (value) => `${value}00`)
  ),
  edit("SHUFFLE", shuffle),
  edit("DUP_KEY", duplicateResponse, false),
  edit("SWAPPED", swap, false),
  edit("WRONG_AMOUNT", wrongAmount, false),
  { ...edit("LATIN1", accented), wire: { kind: "answer", encoding: "latin1" } },
  xml("BOM", (document) => `\uFEFF${document}`),
  xml("DECLARATION", (document) => `${declaration}${document}`),
  xml("CRLF", (document) => indent(document).replaceAll("\n", "\r\n")),
  xml("INDENT", indent),
  xml("EXTRA", (document) => asCdata(document).replace("</FIELDS>", `${extras}</FIELDS>`)),
  xml("XXE", (document) => entityAttack + withEntity(document, "secret"), false),
  xml("BILLION_LAUGHS", (document) => laughs + withEntity(document, "a30"), false)
]

const byName = new Map(named.map((fault) => [fault.name, fault]))

// Without one of these a careful client cannot tell that the answer is its own, or what it says.
const needed: ReadonlySet<string> = new Set(["AUTH_RESP", "BATCH_ID", "TRAN_NBR"])

/** Faults of the document: the books are right, the answer is odd. */
export const findAnswerFault = (name: string): Fault | undefined => {
  const field = name.startsWith("MISSING_") ? name.slice("MISSING_".length) : undefined
  if (field !== undefined && isAnswerField(field)) return edit(name, drop(field), !needed.has(field))
  return byName.get(name)
}
