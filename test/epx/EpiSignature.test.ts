import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { epiSignature } from "../../src/epx/EpiSignature.ts"

const secret = Redacted.make("demo-epi-key-not-real")
const sign = (target: string, body = "", isQuerySigned = false) => epiSignature(secret, { target, body, isQuerySigned })

describe("epiSignature", () => {
  it("is that of the worked sale", () => {
    const body =
      '{"amount":25.00,"account":"4000000000000002","expirationDate":"4912","batchID":20260314,"transaction":3001,' +
      '"industryType":"E","cardEntryMethod":"E","cvv2":"123","address":{"firstName":"Alex","lastName":"Sample",' +
      '"address":"123 Example Street","state":"DE","zipCode":"12345"}}'
    assert.strictEqual(sign("/sale", body), "b617c79d9ca3b3330af31af7d239770e08192cc54f36ad3f8d9958e62a2f5e45")
  })

  it("is that of the worked look-up, which has no body", () => {
    assert.strictEqual(
      sign("/sale/00DTESTSALE00000001"),
      "f69a9822f99d567d1099d3c648f340672437c7facb9e7b2003d4b55aa99ab99d"
    )
  })

  it("covers the query where that is switched on", () => {
    assert.strictEqual(sign("/sale?detail=dba"), sign("/sale"))
    assert.notStrictEqual(sign("/sale?detail=dba", "", true), sign("/sale", "", true))
    assert.strictEqual(sign("/sale", "", true), sign("/sale"))
  })
})
