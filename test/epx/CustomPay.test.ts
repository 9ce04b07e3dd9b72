import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Inspectable, Layer, Metric, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { CustomPay, type CustomPayOptions } from "../../src/epx/CustomPay.ts"
import { epiSignature } from "../../src/epx/EpiSignature.ts"
import type { LookUp, LookUpQuery } from "../../src/epx/LookUp.ts"
import { bric, envelope } from "./Examples.ts"
import { closedPort, httpAnswer, listen, testCertificate } from "./Ports.ts"

const secret = Redacted.make("demo-epi-key-not-real")
const query: LookUpQuery = { environment: "test", key: envelope.key, secret, pair: envelope.pair }

type Fields = Readonly<Record<string, unknown>>

const reference = { bric: "00DTESTLIST00000001", timestamp: "2026-03-14T18:32:00Z" }
const answer = (data: unknown) => JSON.stringify({ data, errors: null, reference })

const row = {
  authamount: "25.00",
  authbric: Redacted.value(bric),
  authtrandategmt: "14-Mar-2026",
  batchid: "20260314",
  "epxid/customer": "7000",
  "epxid/dba": "1",
  "epxid/merchant": "700010",
  "epxid/terminal": "1",
  "system/trantype": "CCE1",
  transaction: "1001",
  void: "N"
}
const another = { ...row, transaction: "1002", authbric: "09LTESTSALE00000009" }
const listOf = (...rows: ReadonlyArray<Fields>) => answer({ rowCount: String(rows.length), rows })

const { authbric: _, ...single } = { ...row, authorization: "061001", response: "00", closeddate: "" }
const detail = (changes: Fields = {}) => answer({ ...single, ...changes })

const openAt = (url: string, options: Partial<CustomPayOptions> = {}) =>
  Effect.map(
    Layer.build(
      CustomPay.layer({ urls: { test: new URL(url) }, allowPlain: true, connectTimeout_ms: 200, ...options })
    ),
    Context.get(CustomPay)
  )

const ask = (url: string, options?: Partial<CustomPayOptions>, change: Partial<LookUpQuery> = {}) =>
  Effect.flatMap(openAt(url, options), ({ find }) => find({ ...query, ...change }))

/** EPX's look-up on a real port, answering each path as told and refusing what is not signed as documented. */
const gateway = (answers: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      asked.push(`${request.method} ${request.url}`)
      const target = (request.url ?? "").replace(/^\/base/, "")
      const { headers } = request
      const isSigned =
        headers["epi-signature"] === epiSignature(secret, { target, body: "", isQuerySigned: false }) &&
        headers["epi-id"] === "7000-700010-1-1" &&
        headers["content-type"] === "application/json"
      const body = answers[target]
      response.writeHead(isSigned ? (body === undefined ? 404 : 200) : 401)
      response.end(body ?? "")
    }
    const server = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const made = createServer(serve).listen(0, "127.0.0.1", () => resume(Effect.succeed(made)))
      }),
      (made) => Effect.sync(() => made.close())
    )
    const address = server.address()
    const port = typeof address === "object" ? address?.port : undefined
    return { url: `http://127.0.0.1:${port}/base`, asked }
  })

const outcome = (result: LookUp) => (result._tag === "Unanswered" ? result.reason : result._tag)

const askAbout = (list: string, details: Readonly<Record<string, string>> = {}, change?: Partial<LookUpQuery>) =>
  Effect.gen(function* () {
    const { asked, url } = yield* gateway({ "/sale": list, ...details })
    return { result: yield* ask(url, {}, change), asked }
  })

const saleTarget = `/sale/${row.authbric}`

describe("a call that is on the list", () => {
  it.live("is found by its pair, and read for what the list does not tell", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* askAbout(listOf(another, row), { [saleTarget]: detail() })
      assert.deepStrictEqual(asked, ["GET /base/sale", `GET /base${saleTarget}`])
      assert(result._tag === "Found")
      assert.strictEqual(Redacted.value(result.row.bric), row.authbric)
      const { bric: _bric, ...shown } = result.row
      assert.deepStrictEqual(shown, { tranType: "CCE1", amount: 2500, response: "00", isVoid: false })
    })
  )

  it.live("is taken from the list alone where that tells the response", () =>
    Effect.gen(function* () {
      const { asked, result } = yield* askAbout(listOf({ ...row, response: "51", void: "Y" }))
      assert.lengthOf(asked, 1)
      assert.deepNestedInclude(result, { _tag: "Found", "row.response": "51", "row.isVoid": true })
    })
  )

  it.live.each(["CCE9", "CCEA", "CKC3", "CKS3"])("is read among the refunds as %s", (type) =>
    Effect.gen(function* () {
      const changes = { "system/trantype": type }
      const details = { [`/refund/${row.authbric}`]: detail(changes) }
      const { result } = yield* askAbout(listOf({ ...row, ...changes }), details)
      assert.deepNestedInclude(result, { _tag: "Found", "row.tranType": type })
    })
  )

  it.live("is found without a response where EPX names none, and may be void since", () =>
    Effect.gen(function* () {
      const { result } = yield* askAbout(listOf(row), { [saleTarget]: detail({ response: "", void: "Y" }) })
      assert.deepNestedInclude(result, { _tag: "Found", "row.response": null, "row.isVoid": true })
    })
  )
})

describe("a call that is not on the list", () => {
  it.live.each([
    { name: "an empty list", rows: [] },
    { name: "another number", rows: [another] },
    { name: "another batch", rows: [{ ...row, batchid: "20260315" }] },
    { name: "a longer number", rows: [{ ...row, transaction: "10010" }] }
  ])("is absent: $name", ({ rows }) =>
    Effect.map(askAbout(listOf(...rows)), ({ asked, result }) => {
      assert.deepStrictEqual(result, { _tag: "Absent" })
      assert.lengthOf(asked, 1)
    })
  )
})

describe("no answer that can be relied on", () => {
  const lists = [
    ["nothing", "", "unreadable"],
    ["no JSON", "<html/>", "unreadable"],
    ["half a list", listOf(another).slice(0, -30), "unreadable"],
    ["another shape", "[]", "unreadable"],
    ["no data", answer(null), "unreadable"],
    ["no rows", answer({ rowCount: "0" }), "unreadable"],
    ["no count", answer({ rows: [] }), "unreadable"],
    ["an error beside the list", JSON.stringify({ data: { rowCount: "0", rows: [] }, errors: [] }), "unreadable"],
    ["an error", JSON.stringify({ data: null, errors: [{ code: 0, text: "transaction not found" }] }), "unreadable"],
    ["one page of several", answer({ rowCount: "2", rows: [another] }), "contradictory"],
    ["more rows than counted", answer({ rowCount: "0", rows: [row] }), "contradictory"],
    ["a row that is none", listOf(another, {}), "unreadable"],
    ["a number that is padded", listOf({ ...row, transaction: "0001001" }), "unreadable"],
    ["a number that is no text", listOf({ ...row, transaction: 1001 }), "unreadable"],
    ["the row twice", listOf(row, row), "contradictory"],
    ["the row of another terminal", listOf({ ...row, "epxid/terminal": "2" }), "contradictory"],
    ["the row of another merchant", listOf({ ...row, "epxid/merchant": "700011" }), "contradictory"],
    ["an amount that is none", listOf({ ...row, authamount: "25.001" }), "unreadable"],
    ["a BRIC that would lead elsewhere", listOf({ ...row, authbric: "../batch/1" }), "unreadable"],
    ["neither void nor not", listOf({ ...row, void: "" }), "unreadable"],
    ["a response that is none", listOf({ ...row, response: "approved" }), "unreadable"]
  ] as const

  it.live.each(lists)("in a list: %s", ([, list, reason]) =>
    Effect.map(askAbout(list), ({ asked, result }) => {
      assert.strictEqual(outcome(result), reason)
      assert.lengthOf(asked, 1)
    })
  )

  it.live.each([
    ["none", undefined, "unreadable"],
    ["no JSON", "ok", "unreadable"],
    ["another number", detail({ transaction: "1002" }), "contradictory"],
    ["another amount", detail({ authamount: "26.00" }), "contradictory"],
    ["another type", detail({ "system/trantype": "CCE2" }), "contradictory"],
    ["another terminal", detail({ "epxid/terminal": "2" }), "contradictory"]
  ] as const)("in a single transaction: %s", ([, text, reason]) =>
    Effect.map(askAbout(listOf(row), text === undefined ? {} : { [saleTarget]: text }), ({ result }) =>
      assert.strictEqual(outcome(result), reason)
    )
  )

  it.live("for a key that EPX does not accept", () =>
    Effect.map(askAbout(listOf(), {}, { secret: Redacted.make("another-key") }), ({ result }) =>
      assert.deepStrictEqual(result, { _tag: "Unanswered", reason: "refused", detail: "status 401" })
    )
  )

  it.live.each([
    ["401 Unauthorized", "refused"],
    ["403 Forbidden", "refused"],
    ["404 Not Found", "unreadable"],
    ["500 Internal Server Error", "unreadable"]
  ])("with status %s, whatever the body says", ([status, reason]) =>
    Effect.gen(function* () {
      const { port } = yield* listen({ onData: (socket) => socket.end(httpAnswer(listOf(), status)) })
      assert.strictEqual(outcome(yield* ask(`http://127.0.0.1:${port}`)), reason)
    })
  )

  it.effect("without a URL", () =>
    Effect.gen(function* () {
      const result = yield* ask("https://127.0.0.1:1", { urls: {} })
      assert.strictEqual(outcome(result), "unconfigured")
    })
  )

  it.live("from a closed port", () =>
    Effect.gen(function* () {
      assert.strictEqual(outcome(yield* ask(`http://127.0.0.1:${yield* closedPort}`)), "unreachable")
    })
  )

  it.live("from a server of unknown authority, which is told nothing", () =>
    Effect.gen(function* () {
      const server = yield* listen({ certificate: testCertificate })
      assert.strictEqual(outcome(yield* ask(`https://localhost:${server.port}`)), "unreachable")
      assert.strictEqual(server.received(), "")
    })
  )

  it.live.each([
    { name: "reset", onData: (socket: Socket) => socket.resetAndDestroy() },
    { name: "closed", onData: (socket: Socket) => socket.end() },
    {
      name: "cut off",
      onData: (socket: Socket) => socket.end(httpAnswer(listOf()).slice(0, -5))
    }
  ])("from a connection that is $name", ({ onData }) =>
    Effect.gen(function* () {
      const server = yield* listen({ onData: (socket) => void onData(socket) })
      assert.strictEqual(outcome(yield* ask(`http://127.0.0.1:${server.port}`)), "no_answer")
      assert.strictEqual(server.connections(), 1)
    })
  )

  it.live("longer than 4 MiB", () =>
    Effect.gen(function* () {
      const size = 4 * 1024 * 1024
      const padded = (length: number) => listOf().padEnd(length, " ")
      for (const [length, expected] of [
        [size, "Absent"],
        [size + 1, "unreadable"]
      ] as const) {
        const { url } = yield* gateway({ "/sale": padded(length) })
        assert.strictEqual(outcome(yield* ask(url)), expected)
      }
    })
  )
})

describe("ten seconds", () => {
  it.effect("are what silence is given", () =>
    Effect.gen(function* () {
      const server = yield* listen({})
      const fiber = yield* Effect.forkChild(ask(`http://127.0.0.1:${server.port}`))
      yield* Deferred.await(server.hit)
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(outcome(yield* Fiber.join(fiber)), "no_answer")
      yield* Deferred.await(server.closed)
    })
  )

  it.effect("hold for both questions and their bodies together", () =>
    Effect.gen(function* () {
      const second = yield* Deferred.make<void>()
      const first = yield* Deferred.make<Socket>()
      const server = yield* listen({
        onData: (socket, _data, count) => {
          if (count === 1) return void Deferred.doneUnsafe(first, Effect.succeed(socket))
          socket.write(httpAnswer(detail()).slice(0, -5))
          Deferred.doneUnsafe(second, Effect.void)
        }
      })
      const fiber = yield* Effect.forkChild(ask(`http://127.0.0.1:${server.port}`))
      const socket = yield* Deferred.await(first)
      yield* TestClock.adjust("9 seconds")
      socket.end(httpAnswer(listOf(row)))
      yield* Deferred.await(second)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(outcome(yield* Fiber.join(fiber)), "no_answer")
    })
  )
})

describe("what is secret", () => {
  it.live("is shown nowhere", () =>
    Effect.gen(function* () {
      const details = { [saleTarget]: detail() }
      const { result } = yield* askAbout(listOf(row), details)
      const { result: unreadable } = yield* askAbout(listOf({ ...row, void: row.authbric }))
      const { result: differing } = yield* askAbout(listOf(row), { [saleTarget]: detail({ authamount: "1.00" }) })
      const told = Inspectable.toStringUnknown([result, unreadable, differing, query])
      assert.notInclude(told, row.authbric)
      assert.notInclude(told, Redacted.value(secret))
    })
  )

  it.effect("is not told over plain HTTP", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(openAt("http://127.0.0.1:1", { allowPlain: false }))
      assert.deepInclude(error, { _tag: "PlainUrl", environment: "test" })
    })
  )
})

it.live("look-ups are counted by their outcome", () =>
  Effect.gen(function* () {
    yield* askAbout(listOf())
    yield* askAbout("")
    const counted = (yield* Metric.snapshot)
      .filter(({ id }) => id === "epx_look_ups_total")
      .map(({ attributes }) => attributes?.["outcome"])
    assert.sameMembers(counted, ["absent", "unreadable"])
  }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
)
