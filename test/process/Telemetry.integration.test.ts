import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { workplace } from "../local/Workplace.ts"
import { collector, type Span, traceId, traceparent } from "./Collector.ts"
import type { Environment } from "./Program.ts"
import { sell } from "./Shop.ts"
import { Stand } from "./Stand.ts"

/** Takes one payment and ends the service; returns the modules it loaded, which V8's coverage of a process lists. */
const takePayment = Effect.fnUntraced(function* (key: string, env: Environment, headers: Record<string, string> = {}) {
  const { start } = yield* Stand
  const directory = yield* workplace()
  const { access, ended, signal } = yield* start({ ...env, NODE_V8_COVERAGE: directory })
  const answer = yield* sell(access, { key, amount: 300 }, headers)
  assert.strictEqual(answer.status, 201)
  yield* signal("SIGTERM")
  assert.strictEqual(yield* ended, 0)
  return readdirSync(directory)
    .flatMap((file) => Schema.decodeSync(Coverage)(readFileSync(join(directory, file), "utf8")).result)
    .map((script) => script.url)
})

const Coverage = Schema.fromJsonString(Schema.Struct({ result: Schema.Array(Schema.Struct({ url: Schema.String })) }))

const isTelemetry = (module: string) => module.includes("/node_modules/@opentelemetry/")

layer(Stand.layer, { excludeTestServices: true })("telemetry", (it) => {
  it.effect("of a payment is one trace, which goes on the caller's, and is flushed at the end", () =>
    Effect.gen(function* () {
      const { spans, url } = yield* collector
      const modules = yield* takePayment("traced", { OTEL_EXPORTER_OTLP_ENDPOINT: url }, { traceparent })
      assert.isNotEmpty(modules.filter(isTelemetry))

      const ours = spans.filter((span) => span.traceId === traceId)
      const named = (name: string) => {
        const found = ours.filter((span) => span.name === name)
        assert.lengthOf(found, 1, `${name} in ${ours.map((span) => span.name).join(", ")}`)
        return found[0]
      }
      const ancestors = (span: Span | undefined): ReadonlyArray<string> =>
        span === undefined ? [] : [span.name, ...ancestors(ours.find(({ spanId }) => spanId === span.parentSpanId))]
      const server = named("POST /v1/payments")
      assert.strictEqual(server?.parentSpanId, traceparent.split("-")[2])
      // OpenTelemetry: 2 is a server span, 3 a client span.
      assert.strictEqual(server?.kind, 2)
      for (const name of ["TransactionsRepo.claim", "Epx.sale", "TransactionsRepo.settle"]) {
        const path = ancestors(named(name))
        assert.includeMembers([...path], ["Transactions.charge", "POST /v1/payments"], name)
      }
      assert.strictEqual(named("Epx.sale")?.kind, 3)
    })
  )

  it.effect("is made of each request or of none of its parts, by the share of traces that is kept", () =>
    Effect.gen(function* () {
      const { spans, url } = yield* collector
      const namesAt = Effect.fnUntraced(function* (share: string) {
        const before = spans.length
        yield* takePayment(`share-${share}`, { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_SAMPLER_ARG: share })
        return spans.slice(before).map(({ name }) => name)
      })
      const path = ["POST /v1/payments", "Payments.create", "TransactionsRepo.claim", "Epx.sale"]
      assert.includeMembers(yield* namesAt("1"), path)
      const none = yield* namesAt("0")
      assert.deepStrictEqual(
        none.filter((name) => path.includes(name)),
        []
      )
    })
  )

  it.effect("costs nothing without an endpoint: its packages are not even loaded", () =>
    Effect.map(takePayment("untraced", {}), (modules) => {
      assert.isNotEmpty(modules)
      assert.deepStrictEqual(modules.filter(isTelemetry), [])
    })
  )
})
