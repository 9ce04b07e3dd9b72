import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result, Schema } from "effect"
import { AnswerDocument, AnswerFields } from "../../src/epx/AnswerFields.ts"
import { answerText } from "../../src/epx/AnswerText.ts"
import { AnswerXml } from "../../src/epx/AnswerXml.ts"
import { approvedSale } from "./Examples.ts"

const encodeXml = Schema.encodeSync(AnswerXml)
const decodeXml = Schema.decodeResult(AnswerXml)
const decode = Schema.decodeResult(AnswerDocument)

const field = (key: string, value: string) => `<FIELD KEY="${key}">${value}</FIELD>`
const document = (fields: string) => `<RESPONSE><FIELDS>${fields}</FIELDS></RESPONSE>`

const responseCode = field("AUTH_RESP", "00")

const problem = (xml: string): string => {
  const decoded = decode(xml)
  return Result.isFailure(decoded) ? decoded.failure.message : "none"
}

describe("AnswerXml", () => {
  const key = Schema.String.check(Schema.isPattern(/^[ -~]{1,20}$/))
  const canonical = encodeXml(approvedSale)

  it("reads the sandbox's single line", () => {
    assert.deepStrictEqual(decodeXml(canonical), Result.succeed(approvedSale))
  })

  it.each([
    ["a declaration", `<?xml version="1.0" encoding="utf-8"?>${canonical}`],
    ["a declaration and a line break", `<?xml version="1.0"?>\r\n${canonical}\r\n`],
    ["a byte order mark", `\uFEFF${canonical}`],
    ["indentation", canonical.replaceAll("<F", "\n\t<F")],
    ["CRLF", canonical.replaceAll("<F", "\r\n  <F")],
    ["padded values", canonical.replaceAll(/>([^<]+)<\/FIELD>/g, ">\n  $1 \r\n</FIELD>")],
    ["CDATA", canonical.replaceAll(/>([^<]+)<\/FIELD>/g, "><![CDATA[$1]]></FIELD>")],
    ["comments", canonical.replaceAll(/>([^<]+)<\/FIELD>/g, "><!-- x -->$1</FIELD><!-- y -->")],
    ["processing instructions", canonical.replace("<FIELDS>", "<?x y?><FIELDS>")],
    ["single quotes", canonical.replaceAll('"', "'")],
    ["character references", canonical.replaceAll("7000<", "&#55;&#x30;00<")],
    ["other attributes", canonical.replaceAll("<FIELD ", '<FIELD TYPE="x" ')],
    ["elements it does not know", canonical.replace("<FIELDS>", "<TRACE>1</TRACE><FIELDS><NOTE>2</NOTE>")],
    [
      "empty fields",
      canonical.replace("</FIELDS>", `${field("AUTH_FEE", "")}<FIELD KEY="X"/>${field("Y", " ")}</FIELDS>`)
    ],
    [
      "a second value of a field that decides nothing",
      canonical.replace("</FIELDS>", `${field("LOCAL_DATE", "1")}</FIELDS>`)
    ]
  ])("reads the same through %s", (_, xml) => {
    assert.deepStrictEqual(decodeXml(xml), Result.succeed(approvedSale))
  })

  it("keeps fields that it does not know", () => {
    assert.deepStrictEqual(
      decodeXml(document(field("NEW", "1") + field("__proto__", "2"))),
      Result.succeed(
        Object.fromEntries([
          ["NEW", "1"],
          ["__proto__", "2"]
        ])
      )
    )
  })

  it.each([
    ["", "not well-formed"],
    ["OK", "not well-formed"],
    ["{}", "not well-formed"],
    [canonical.slice(0, -1), "not well-formed"],
    [canonical.slice(0, canonical.length / 2), "not well-formed"],
    [`${canonical}<RESPONSE/>`, "not well-formed"],
    [document(field("A", "&unknown;")), "not well-formed"],
    [document('<FIELD KEY="A" KEY="B">1</FIELD>'), "not well-formed"],
    ["<html><body>Service unavailable</body></html>", "no RESPONSE"],
    ["<response><FIELDS/></response>", "no RESPONSE"],
    ["<RESPONSE/>", "FIELDS"],
    ["<RESPONSE><FIELDS/><FIELDS/></RESPONSE>", "FIELDS"],
    [document('<FIELD KEY="AUTH_RESP">0<B>0</B></FIELD>'), "inside a FIELD"],
    [`<!DOCTYPE RESPONSE>${canonical}`, "document type"],
    [`<?xml version="1.0"?><!doctype x [<!ENTITY a "00">]>${document(field("AUTH_RESP", "&a;"))}`, "document type"],
    [`<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">${canonical}`, "document type"]
  ])("refuses %j", (xml, expected) => {
    assert.include(problem(xml), expected)
  })

  it.each([
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
  ])("refuses a second %s, even an equal or empty one", (key) => {
    for (const second of ["1", ""]) {
      const twice = (responseCode + field(key, "1") + field(key, second)).replace(
        key === "AUTH_RESP" ? responseCode : "",
        ""
      )
      assert.include(problem(document(twice)), `a second ${key}`)
    }
  })

  it("survives deep nesting", () => {
    const depth = 30_000
    assert.notStrictEqual(problem(document("<a>".repeat(depth) + "</a>".repeat(depth))), "none")
  })

  it.effect.prop(
    "reads what it writes",
    [Schema.Record(key, Schema.String.check(Schema.isPattern(/^[!-~]([ -ÿ]*[!-~])?$/)))],
    ([fields]) => Effect.sync(() => assert.deepStrictEqual(decodeXml(encodeXml(fields)), Result.succeed(fields)))
  )

  // EPX's own spelling is read without the parser: it must come to the same, whatever stands in it.
  const keys = ["AUTH_RESP", "AUTH_GUID", "A", "a", "A B", "A&amp;B", "é", "", 'A" KEY="B', "<"]
  const texts = [
    "00",
    " ",
    "'",
    "&amp;",
    "&",
    ">",
    "]]>",
    "é",
    "\u0001",
    "\n",
    "<B/>",
    "</FIELD>",
    "</FIELDS>",
    "<!-- -->"
  ]
  const index = (list: ReadonlyArray<string>) =>
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: list.length - 1 }))
  it.effect.prop(
    "reads what is spelled plainly as the parser does",
    [Schema.Array(Schema.Struct({ key: index(keys), text: Schema.Array(index(texts)).check(Schema.isMaxLength(2)) }))],
    ([fields]) =>
      Effect.sync(() => {
        const xml = document(
          fields.map(({ key, text }) => field(keys[key] ?? "", text.map((piece) => texts[piece]).join(""))).join("")
        )
        // A line break at the end means nothing to the parser, and is not EPX's spelling.
        const [plain, parsed] = [xml, `${xml}\n`].map((each) => Result.mapError(decodeXml(each), String))
        assert.deepStrictEqual(plain, parsed)
      }),
    { arbitrary: { runs: 1_000 } }
  )
})

describe("AnswerFields", () => {
  it("keeps the BRIC secret and the amount in cents", () => {
    const fields = Result.getOrThrow(decode(encodeXml(approvedSale)))
    assert.strictEqual(fields.AUTH_AMOUNT, 2500)
    assert.notInclude(JSON.stringify(fields), "09LTESTSALE00000002")
    assert.strictEqual(fields.AUTH_GUID === undefined ? "" : Redacted.value(fields.AUTH_GUID), "09LTESTSALE00000002")
  })

  it.each([
    ["no response code", ""],
    ["an empty response code", field("AUTH_RESP", " ")],
    ["a long response code", field("AUTH_RESP", "0000")],
    ["a lower-case response code", field("AUTH_RESP", "e7")],
    ["a broken amount", responseCode + field("AUTH_AMOUNT", "25")],
    ["an amount below the cent", responseCode + field("AUTH_AMOUNT", "25.0001")],
    ["a negative amount", responseCode + field("AUTH_AMOUNT", "-25.00")],
    ["a broken BRIC", responseCode + field("AUTH_GUID", "09L TEST")],
    ["a broken currency", responseCode + field("AUTH_CURRENCY_CODE", "USD")]
  ])("refuses %s without quoting it", (_, fields) => {
    assert.notStrictEqual(problem(document(fields)), "none")
    assert.notMatch(problem(document(fields)), /25\.0001|09L TEST/)
  })

  it.effect.prop("reads what it writes", [Schema.toType(AnswerFields)], ([fields]) =>
    Effect.sync(() => {
      const trimmed = { ...fields, ...printable(fields) }
      const again = Result.getOrThrow(decode(Schema.encodeSync(AnswerDocument)(trimmed)))
      assert.deepStrictEqual(clear(again), clear(trimmed))
    })
  )
})

const clear = (fields: AnswerFields) => ({
  ...fields,
  AUTH_GUID: fields.AUTH_GUID === undefined ? undefined : Redacted.value(fields.AUTH_GUID)
})

const checked: ReadonlySet<string> = new Set(["AUTH_RESP", "AUTH_CURRENCY_CODE"])

/** XML can carry neither control characters nor lone surrogates, and blanks at the ends are not kept. */
const printable = (fields: AnswerFields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      typeof value === "string" && !checked.has(key)
        ? [[key, `x${value.replace(/[^!-ÿ]/g, "_").replace(/[\x7f-\x9f]/g, "_")}x`]]
        : []
    )
  )

describe("answerText", () => {
  const text = encodeXml({ ...approvedSale, AUTH_RESP_TEXT: "DÉCLINÉ – €" })
  const bytes = new TextEncoder().encode(text)

  it("reads UTF-8, with and without a byte order mark", () => {
    assert.strictEqual(answerText(bytes), text)
    assert.strictEqual(answerText(new Uint8Array([0xef, 0xbb, 0xbf, ...bytes])), text)
  })

  it("reads what is not UTF-8 as windows-1252", () => {
    assert.strictEqual(answerText(new Uint8Array([0x44, 0xc9, 0x20, 0x96, 0x20, 0x80])), "DÉ – €")
  })
})
