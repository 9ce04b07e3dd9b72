import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Validation } from "../../src/http/Validation.ts"

const Things = HttpApiGroup.make("things").add(
  HttpApiEndpoint.post("create", "/things", {
    payload: Schema.Struct({ parts: Schema.Array(Schema.Struct({ size: Schema.Int })) }),
    success: Schema.String
  })
)
const Api = HttpApi.make("api")
  .add(Things)
  .middleware(Validation)
  .annotate(HttpApi.ParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotate(HttpApi.HeadersParseOptions, {})

const Server = HttpRouter.serve(
  HttpApiBuilder.layer(Api).pipe(
    Layer.provide(
      HttpApiBuilder.group(Api, "things", (handlers) => handlers.handle("create", () => Effect.succeed("")))
    ),
    Layer.provide(Validation.layer)
  ),
  { disableLogger: true, disableListenLog: true }
).pipe(Layer.provideMerge(NodeHttpServer.layerTest))

const decode = Schema.decodeEffect(
  Schema.fromJsonString(Schema.Struct({ errors: Schema.Array(Schema.Struct({ pointer: Schema.String })) }))
)

const pointers = Effect.fnUntraced(function* (body: unknown) {
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post("/things"), body))
  assert.strictEqual(response.status, 422)
  return (yield* decode(yield* response.text)).errors.map(({ pointer }) => pointer)
})

layer(Server)("Validation", (it) => {
  it.effect("points at each wrong value", () =>
    Effect.gen(function* () {
      const wrong = { parts: [{ size: 1 }, { size: 1.5 }, { size: 1, "a/b~": 1 }], colour: 1 }
      assert.sameMembers(yield* pointers(wrong), ["/parts/1/size", "/parts/2/a~1b~0", "/colour"])
    })
  )

  it.effect("does not repeat a field name that is a card number or goes on and on", () =>
    Effect.gen(function* () {
      for (const name of ["4111111111111111", "4111-1111-1111-1111", "x".repeat(101)]) {
        assert.deepStrictEqual(yield* pointers({ parts: [{ size: 1, [name]: 1 }] }), ["/parts/0/…"])
      }
      assert.deepStrictEqual(yield* pointers({ parts: [], ["x".repeat(100)]: 1 }), [`/${"x".repeat(100)}`])
    })
  )
})
