import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { problemOf } from "../http/Problems.ts"
import { until } from "../process/Program.ts"
import { readDemo } from "../process/Shop.ts"
import { Stand } from "../process/Stand.ts"
import { type HttpAnswer, type HttpRequest, sendRequest } from "../support/HttpRequest.ts"
import { TestService } from "../support/TestService.ts"

const kinds = ["cpu", "heap"] as const
type Kind = (typeof kinds)[number]

const asked = (kind: Kind, seconds?: number | string): HttpRequest => ({
  method: "POST",
  path: `/v1/profiles/${kind}${seconds === undefined ? "" : `?seconds=${seconds}`}`
})

const take = (kind: Kind, seconds?: number | string) =>
  Effect.flatMap(TestService, ({ operatorKey, requestOps }) =>
    requestOps({ ...asked(kind, seconds), key: operatorKey, headers: { "accept-encoding": "br, gzip" } })
  )

/** What is on record of profiles, the newest first. */
const recorded = (request: (asked: HttpRequest) => Effect.Effect<HttpAnswer>, key: string) =>
  Effect.map(
    request({ path: "/v1/audit-events?action=profile.started", key }),
    ({ json }): ReadonlyArray<Record<string, unknown>> => json.data
  )

const here = Effect.flatMap(TestService, ({ operatorKey, requestOps }) => recorded(requestOps, operatorKey))

/** Begins one and returns when it is on record. */
const begin = Effect.fnUntraced(function* (kind: Kind, seconds: number) {
  const before = (yield* here).length
  const taking = yield* Effect.forkChild(take(kind, seconds))
  yield* until(here, ({ length }) => length > before)
  return taking
})

/** What V8 documents of both, and nothing that could hold a value. */
const members = {
  cpu: [
    ...["nodes", "startTime", "endTime", "samples", "timeDeltas", "id", "callFrame", "hitCount", "children"],
    ...["positionTicks", "line", "ticks", "deoptReason"]
  ],
  heap: ["head", "samples", "callFrame", "selfSize", "id", "children", "size", "nodeId", "ordinal"]
}
const frame = ["functionName", "scriptId", "url", "lineNumber", "columnNumber"]
const texts = ["functionName", "scriptId", "url", "deoptReason"]

const entriesIn = (value: unknown): ReadonlyArray<readonly [name: string, value: unknown]> => {
  const found: Array<readonly [string, unknown]> = []
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== "object" || next === null) continue
    if (!Array.isArray(next)) found.push(...Object.entries(next))
    left.push(...Object.values(next))
  }
  return found
}

layer(TestService.layer, { excludeTestServices: true })("RES-M7: a profile", (it) => {
  for (const kind of kinds) {
    it.effect(`names what the process does, and holds no value of it: ${kind}`, () =>
      Effect.gen(function* () {
        const { charge, merchant, operatorKey, simulator } = yield* TestService
        // Of the heap only what is left counts, which is little on a busy machine.
        const taking = yield* begin(kind, kind === "heap" ? 5 : 1)
        const source = { bric: simulator.brics.mastercard }
        const sale = Effect.suspend(() => charge({ source, order_ref: "CANARY-ORDER", metadata: { a: "CANARY-META" } }))
        const answer = yield* Effect.raceFirst(Fiber.join(taking), Effect.forever(sale))

        assert.strictEqual(answer.status, 200)
        assert.match(String(answer.headers["content-type"]), /^application\/json/)
        assert.isUndefined(answer.headers["content-encoding"])
        assert.match(String(answer.headers["cache-control"]), /no-store/)
        assert.match(answer.text, /"url":"[^"]*\/src\/\w+\/\w+\.ts"/)
        const canaries = ["CANARY", simulator.brics.mastercard, merchant.keys.all, operatorKey, "4111"]
        for (const canary of canaries) assert.notInclude(answer.text, canary)
        const known = [...members[kind], ...frame]
        const entries = entriesIn(answer.json)
        assert.isAbove(entries.length, 100)
        for (const [name, value] of entries) {
          assert.include(known, name)
          if (typeof value === "string") assert.include(texts, name)
        }
      })
    )

    it.effect(`is taken alone, and ends when its client goes away: ${kind}`, () =>
      Effect.gen(function* () {
        const taking = yield* begin(kind, 10)
        const before = yield* here
        for (const other of kinds) {
          assert.deepStrictEqual(problemOf(yield* take(other, 1)), [409, "profile_under_way"])
        }
        assert.deepStrictEqual(yield* here, before)
        const start = performance.now()
        yield* Fiber.interrupt(taking)
        for (const next of kinds) yield* until(take(next, 1), ({ status }) => status === 200)
        assert.isBelow(performance.now() - start, 6_000)
      })
    )

    it.effect(`is never taken by the merchants' listener, nor for a merchant: ${kind}`, () =>
      Effect.gen(function* () {
        const { merchant, operatorKey, request, requestOps } = yield* TestService
        const before = yield* here
        for (const key of [operatorKey, merchant.keys.all, undefined]) {
          assert.deepStrictEqual(problemOf(yield* request({ ...asked(kind, 1), key })), [404, "not_found"])
        }
        for (const key of [merchant.keys.all, undefined]) {
          assert.deepStrictEqual(problemOf(yield* requestOps({ ...asked(kind, 1), key })), [401, "invalid_api_key"])
        }
        assert.deepStrictEqual(yield* here, before)
      })
    )

    it.effect(`takes a whole number of seconds, within what a request may take: ${kind}`, () =>
      Effect.gen(function* () {
        const before = yield* here
        for (const seconds of [0, 11, 1.5, -1, "ten", "", "1&seconds=2"]) {
          const problem = problemOf(yield* take(kind, seconds))
          assert.deepStrictEqual(problem, [400, "invalid_parameter", "/query/seconds"], String(seconds))
        }
        assert.deepStrictEqual(yield* here, before)
      })
    )
  }

  it.effect("is on record with who took it", () =>
    Effect.gen(function* () {
      const answer = yield* take("heap", 1)
      const [newest] = yield* here
      assert.deepInclude(newest, {
        action: "profile.started",
        detail: { kind: "heap", seconds: 1 },
        merchant_id: null,
        request_id: answer.headers["x-request-id"]
      })
      assert.match(String(newest?.["api_key_id"]), /^key_/)
    })
  )

  it.effect(
    "lasts ten seconds unless it is told otherwise, which no limit of requests cuts short",
    () =>
      Effect.map(take("cpu"), ({ json, status }) => {
        assert.strictEqual(status, 200)
        assert.closeTo((json.endTime - json.startTime) / 1e6, 10, 2)
      }),
    20_000
  )
})

layer(Stand.layer, { excludeTestServices: true })("RES-M7: a service that ends", (it) => {
  it.effect("does not wait for a profile, and answers with what there is of it", () =>
    Effect.gen(function* () {
      const { directory, start } = yield* Stand
      const { ended, opsUrl, signal } = yield* start()
      const key = readDemo(directory).operator_key
      const send = (request: HttpRequest) => sendRequest(opsUrl, request)
      const taking = yield* Effect.forkChild(send({ ...asked("cpu", 10), key }))
      yield* until(recorded(send, key), ({ length }) => length === 1)
      const begun = performance.now()
      yield* signal("SIGTERM")
      const answer = yield* Fiber.join(taking)
      assert.strictEqual(answer.status, 200)
      assert.isNotEmpty(answer.json.nodes)
      assert.strictEqual(yield* ended, 0)
      assert.isBelow(performance.now() - begun, 5_000)
    })
  )
})
