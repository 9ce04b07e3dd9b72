import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { HttpApi, HttpApiBuilder } from "effect/http-api"
import { SqlClient } from "effect/sql"
import { AuditEvents } from "../../src/audit/AuditEvents.ts"
import { AuditEventsHttp } from "../../src/audit/AuditEventsHttp.ts"
import { AuditEventsRepo } from "../../src/audit/AuditEventsRepo.ts"
import { TerminalIds } from "../../src/domain/Ids.ts"
import { Exceptions } from "../../src/exceptions/Exceptions.ts"
import { ExceptionsHttp } from "../../src/exceptions/ExceptionsHttp.ts"
import { Validation } from "../../src/http/Validation.ts"
import { KillSwitches } from "../../src/kill-switches/KillSwitches.ts"
import { KillSwitchesHttp } from "../../src/kill-switches/KillSwitchesHttp.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { ApiKeysHttp } from "../../src/merchants/ApiKeysHttp.ts"
import { OperatorAuthenticationLayer } from "../../src/merchants/Authentication.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { MerchantsHttp } from "../../src/merchants/MerchantsHttp.ts"
import { OperatorApi } from "../../src/OperatorApi.ts"
import { ColumnCipher } from "../../src/postgres/ColumnCipher.ts"
import { Profiles } from "../../src/profiles/Profiles.ts"
import { ProfilesHttp } from "../../src/profiles/ProfilesHttp.ts"
import { MerchantsTest, terminal } from "./MerchantsTest.ts"

const Routes = HttpApiBuilder.layer(OperatorApi).pipe(
  Layer.provide([MerchantsHttp, ApiKeysHttp, ExceptionsHttp, KillSwitchesHttp, AuditEventsHttp, ProfilesHttp]),
  Layer.provide([
    Layer.mock(Exceptions)({}),
    Layer.mock(KillSwitches)({}),
    Layer.mock(Profiles)({}),
    AuditEvents.layer
  ]),
  Layer.provide(AuditEventsRepo.layer),
  Layer.provide([OperatorAuthenticationLayer("test"), Validation.layer])
)

const Server = HttpRouter.serve(Routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(MerchantsTest),
  Layer.provideMerge(NodeHttpServer.layerTest)
)

const operator = Effect.flatMap(ApiKeys, (apiKeys) =>
  apiKeys.createForOperator({ name: "Operator", environment: "test", expiresAt: null })
)

type Method = "GET" | "POST" | "PATCH"

const sendAs = Effect.fnUntraced(function* (
  secret: string | undefined,
  method: Method,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {}
) {
  const client = yield* HttpClient.HttpClient
  const request = HttpClientRequest.make(method)(path, {
    headers: { ...headers, ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }) }
  })
  const response = yield* client.execute(body === undefined ? request : HttpClientRequest.bodyJsonUnsafe(request, body))
  const text = yield* response.text
  const json = yield* Schema.decodeEffect(Schema.fromJsonString(Schema.Any))(text)
  return { status: response.status, headers: response.headers, json }
})

const send = (method: Method, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) =>
  Effect.flatMap(operator, ({ secret }) => sendAs(Redacted.value(secret), method, path, body, headers))

const missing = "0000000000000000000000000z"

layer(Server)("OperatorApi", (it) => {
  it.effect("API-9: changes nothing that somebody else has changed since it was read", () =>
    Effect.gen(function* () {
      const created = yield* send("POST", "/v1/merchants", { name: "Shop", terminals: [terminal("test")] })
      const path = `/v1/merchants/${created.json.id}`
      const [{ id }] = created.json.terminals
      const change = (route: string, body: object, tag: string | undefined) =>
        send("PATCH", `${path}${route}`, body, { "if-match": tag ?? "" })
      const { etag: first } = (yield* send("GET", path)).headers
      assert.match(first ?? "", /^"\d+"$/)

      const renamed = yield* change("", { name: "Shop 2" }, first)
      assert.deepStrictEqual([renamed.status, renamed.json.name], [200, "Shop 2"])
      assert.notStrictEqual(renamed.headers.etag, first)
      const zone = { settlement_zone: "America/Chicago" }
      for (const late of [
        yield* change("", { name: "Shop 3" }, first),
        yield* change("", { name: "Shop 3" }, `W/${renamed.headers.etag}`),
        yield* change(`/terminals/${id}`, zone, first)
      ]) {
        assert.deepStrictEqual([late.status, late.json.code], [412, "precondition_failed"])
      }
      const kept = yield* send("GET", path)
      assert.deepStrictEqual([kept.json.name, kept.headers.etag], ["Shop 2", renamed.headers.etag])
      assert.notStrictEqual(kept.json.terminals[0].settlement_zone, zone.settlement_zone)

      const moved = yield* change(`/terminals/${id}`, zone, `"0", ${kept.headers.etag}`)
      assert.deepStrictEqual([moved.status, moved.json.settlement_zone], [200, zone.settlement_zone])
      assert.strictEqual(moved.headers.etag, (yield* send("GET", path)).headers.etag)
      assert.notStrictEqual(moved.headers.etag, kept.headers.etag)
      assert.strictEqual((yield* change("", { name: "Shop 4" }, "*")).status, 200)
      const none = yield* send("PATCH", `/v1/merchants/mer_${missing}`, { name: "x" }, { "if-match": '"1"' })
      assert.deepStrictEqual([none.status, none.json.code], [404, "merchant_not_found"])
      const lost = yield* change(`/terminals/ter_${missing}`, zone, moved.headers.etag)
      assert.deepStrictEqual([lost.status, lost.json.code], [404, "terminal_not_found"])
    })
  )

  it.effect("onboards a merchant: create, add a terminal, change it, rename, suspend, activate, read", () =>
    Effect.gen(function* () {
      const [test, live] = [terminal("test"), terminal("live")]
      const created = yield* send("POST", "/v1/merchants", { name: "Shop", terminals: [test] })
      assert.strictEqual(created.status, 201)
      assert.match(created.json.id, /^mer_/)
      assert.strictEqual(created.json.object, "merchant")
      assert.match(created.json.created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      const path = `/v1/merchants/${created.json.id}`

      const added = yield* send("POST", `${path}/terminals`, live)
      assert.strictEqual(added.status, 201)
      const features = { multiple_captures: false, partial_approvals: false, has_lookup_key: false }
      assert.deepStrictEqual(added.json, { id: added.json.id, object: "terminal", ...live, ...features })
      const change = { settlement_zone: "America/Chicago", settlement_cutoff: "20:15" }
      const changed = yield* send("PATCH", `${path}/terminals/${added.json.id}`, change)
      assert.deepStrictEqual([changed.status, changed.json], [200, { ...added.json, ...change }])
      assert.strictEqual((yield* send("PATCH", path, { name: "Shop 2" })).json.name, "Shop 2")
      assert.strictEqual((yield* send("POST", `${path}/suspend`)).json.status, "suspended")
      assert.strictEqual((yield* send("POST", `${path}/activate`)).json.status, "active")

      const read = yield* send("GET", path)
      const expected = {
        ...created.json,
        name: "Shop 2",
        version: read.json.version,
        terminals: [...created.json.terminals, changed.json]
      }
      assert.deepStrictEqual([read.status, read.json], [200, expected])
      const list = yield* send("GET", "/v1/merchants?limit=1")
      assert.deepStrictEqual(list.json.data, [expected])
    })
  )

  it.effect("keeps what a merchant and its terminals accept, and a look-up key that nobody reads again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const cipher = yield* ColumnCipher
      const secret = "CANARY-EPI-KEY-0001"
      const made = { ...terminal("test"), multiple_captures: true, lookup_key: secret }
      const created = yield* send("POST", "/v1/merchants", { name: "Shop", reject_on_avs: true, terminals: [made] })
      assert.deepInclude(created.json, { reject_on_avs: true, reject_on_cvv: false })
      const [kept] = created.json.terminals
      assert.deepInclude(kept, { multiple_captures: true, partial_approvals: false, has_lookup_key: true })
      const path = `/v1/merchants/${created.json.id}`
      const at = `${path}/terminals/${kept.id}`
      const id = TerminalIds.Id.make(kept.id)
      const stored = Effect.gen(function* () {
        const [row] = yield* sql<{ readonly keyId: string; readonly sealed: Uint8Array }>`
          SELECT lookup_key_id AS "keyId", lookup_key_sealed AS sealed FROM terminals
          WHERE id = ${TerminalIds.toUuid(id)}::uuid AND lookup_key_sealed IS NOT NULL`
        return row === undefined ? null : Redacted.value(yield* cipher.unseal(row, `terminals.lookup_key ${id}`))
      })
      assert.strictEqual(yield* stored, secret)

      const changed = yield* send("PATCH", path, { reject_on_avs: false, reject_on_cvv: true })
      assert.deepInclude(changed.json, { name: "Shop", reject_on_avs: false, reject_on_cvv: true })
      const partial = yield* send("PATCH", at, { partial_approvals: true, multiple_captures: false })
      assert.deepStrictEqual(partial.json, { ...kept, partial_approvals: true, multiple_captures: false })
      assert.strictEqual(yield* stored, secret)
      const renewed = yield* send("PATCH", at, { lookup_key: "another-key" })
      assert.deepStrictEqual([renewed.json.has_lookup_key, yield* stored], [true, "another-key"])
      const cleared = yield* send("PATCH", at, { lookup_key: null })
      assert.deepStrictEqual([cleared.json.has_lookup_key, yield* stored], [false, null])

      const audit = yield* send("GET", `/v1/audit-events?merchant_id=${created.json.id}`)
      for (const told of [created, changed, renewed, cleared, audit]) {
        assert.notMatch(JSON.stringify(told.json), /CANARY|another-key|"lookup_key"|sealed/)
      }
      for (const lookup_key of ["short", "x".repeat(129), "with space", "ünïcödé", 7]) {
        const refused = yield* send("PATCH", at, { lookup_key })
        assert.deepStrictEqual([refused.status, refused.json.errors[0].pointer], [422, "/lookup_key"])
        assert.notInclude(JSON.stringify(refused.json), String(lookup_key))
      }
      for (const [to, body, pointer] of [
        [path, { reject_on_avs: "yes" }, "/reject_on_avs"],
        [path, { status: "suspended" }, "/status"],
        [at, { multiple_captures: 1 }, "/multiple_captures"],
        [at, { has_lookup_key: true }, "/has_lookup_key"],
        [at, { merch_nbr: "1" }, "/merch_nbr"]
      ] as const) {
        const refused = yield* send("PATCH", to, body)
        assert.deepStrictEqual([refused.status, refused.json.errors[0].pointer], [422, pointer])
      }
    })
  )

  it.effect("keeps who did what with the merchants, terminals and keys, without their secrets", () =>
    Effect.gen(function* () {
      const { id: keyId, secret: redacted } = yield* operator
      const secret = Redacted.value(redacted)
      const as = (method: Method, path: string, body?: unknown) => sendAs(secret, method, path, body)
      const test = terminal("test")
      const merchant = (yield* as("POST", "/v1/merchants", { name: "Shop", terminals: [test] })).json
      const path = `/v1/merchants/${merchant.id}`
      yield* as("PATCH", path, { name: "Shop 2" })
      yield* as("POST", `${path}/suspend`)
      const live = (yield* as("POST", `${path}/terminals`, terminal("live"))).json
      yield* as("PATCH", `${path}/terminals/${live.id}`, { settlement_cutoff: "20:15" })
      const asked = { merchant_id: merchant.id, environment: "test", name: "Backend", scopes: ["payments:read"] }
      const issued = (yield* as("POST", "/v1/api-keys", asked)).json
      const rolled = (yield* as("POST", `/v1/api-keys/${issued.id}/roll`, {})).json
      yield* as("POST", `/v1/api-keys/${rolled.id}/revoke`)
      // What was refused has not happened.
      yield* as("POST", `${path}/terminals`, terminal("live"))
      yield* as("PATCH", `/v1/merchants/mer_${missing}`, { name: "x" })

      const { json } = yield* as("GET", `/v1/audit-events?api_key_id=${keyId}`)
      const kept = json.data.map(({ action, detail }: { action: string; detail: object }) => [action, detail])
      assert.deepStrictEqual(kept, [
        ["api_key.revoked", { api_key_id: rolled.id }],
        ["api_key.rolled", { api_key_id: rolled.id, instead_of: issued.id }],
        [
          "api_key.created",
          { api_key_id: issued.id, name: "Backend", environment: "test", scopes: ["payments:read"], expires_at: null }
        ],
        ["terminal.updated", { terminal_id: live.id, settlement_cutoff: "20:15" }],
        [
          "terminal.created",
          {
            terminal_id: live.id,
            environment: "live",
            settlement_zone: live.settlement_zone,
            settlement_cutoff: live.settlement_cutoff
          }
        ],
        ["merchant.updated", { status: "suspended" }],
        ["merchant.updated", { name: "Shop 2" }],
        [
          "merchant.created",
          {
            name: "Shop",
            reject_on_avs: false,
            reject_on_cvv: false,
            reads_per_second: null,
            writes_per_second: null,
            writes_at_once: null,
            declines_per_customer: null,
            declines_per_address: null,
            declines_per_key: null,
            terminals: [{ id: merchant.terminals[0].id, environment: "test" }]
          }
        ]
      ])
      const text = JSON.stringify(json)
      for (const hidden of [secret, issued.secret, rolled.secret, test.merch_nbr]) assert.notInclude(text, hidden)
      for (const event of json.data) assert.deepInclude(event, { api_key_id: keyId, merchant_id: merchant.id })

      const first = yield* as("GET", `/v1/audit-events?merchant_id=${merchant.id}&limit=5`)
      const next = `starting_after=${first.json.data.at(-1).id}`
      const second = yield* as("GET", `/v1/audit-events?merchant_id=${merchant.id}&limit=5&${next}`)
      assert.deepStrictEqual([first.json.has_more, second.json.has_more], [true, false])
      assert.deepStrictEqual([...first.json.data, ...second.json.data], json.data)
      const only = yield* as("GET", `/v1/audit-events?merchant_id=${merchant.id}&action=api_key.rolled`)
      assert.lengthOf(only.json.data, 1)
      for (const query of ["action=done", "limit=0", "api_key_id=1", "starting_after=evt_1", "payment_id=x"]) {
        const refused = yield* as("GET", `/v1/audit-events?${query}`)
        assert.deepStrictEqual([refused.status, refused.json.code], [400, "invalid_parameter"], query)
      }
    })
  )

  it.effect("issues, lists, rolls and revokes keys; only issuing shows a secret, which nobody may keep", () =>
    Effect.gen(function* () {
      const merchant = yield* (yield* Merchants).create({ name: "Shop" })
      const asked = { merchant_id: merchant.id, environment: "test", name: "Backend", scopes: ["payments:read"] }
      const issued = yield* send("POST", "/v1/api-keys", asked)
      assert.strictEqual(issued.status, 201)
      assert.strictEqual(issued.headers["cache-control"], "no-store, no-transform")
      const { secret, ...key } = issued.json
      assert.match(secret, /^sk_test_/)
      assert.deepStrictEqual(key, {
        id: key.id,
        object: "api_key",
        ...asked,
        hint: secret.slice(-4),
        expires_at: null,
        revoked_at: null,
        last_used_at: null,
        created_at: key.created_at
      })

      const list = yield* send("GET", `/v1/api-keys?merchant_id=${merchant.id}`)
      assert.deepStrictEqual(list.json, { data: [key], has_more: false })
      const rolled = yield* send("POST", `/v1/api-keys/${key.id}/roll`, { overlap_seconds: 60 })
      assert.deepStrictEqual([rolled.status, rolled.headers["cache-control"]], [201, "no-store, no-transform"])
      assert.match(rolled.json.secret, /^sk_test_/)
      const revoked = yield* send("POST", `/v1/api-keys/${rolled.json.id}/revoke`)
      assert.strictEqual(revoked.status, 200)
      assert.isString(revoked.json.revoked_at)
      assert.notProperty(revoked.json, "secret")
      const again = yield* send("POST", `/v1/api-keys/${rolled.json.id}/roll`, {})
      assert.deepStrictEqual([again.status, again.json.code], [409, "api_key_inactive"])
      const own = yield* send("POST", "/v1/api-keys", { merchant_id: null, environment: "live", name: "Colleague" })
      assert.match(own.json.secret, /^op_live_/)
    })
  )

  it.effect("opens to an active operator key of its environment only, and says no more than that", () =>
    Effect.gen(function* () {
      const apiKeys = yield* ApiKeys
      const sql = yield* SqlClient.SqlClient
      const merchant = yield* (yield* Merchants).create({ name: "Shop" })
      const key = { name: "k", environment: "test", expiresAt: null } as const
      const ofMerchant = yield* apiKeys.createForMerchant(merchant.id, { ...key, scopes: ["payments:write"] })
      const ofLive = yield* apiKeys.createForOperator({ ...key, environment: "live" })
      const revoked = yield* apiKeys.createForOperator(key)
      yield* apiKeys.revoke(revoked.id)
      const valid = Redacted.value((yield* operator).secret)
      const all: Array<readonly [Method, string]> = []
      HttpApi.reflect(OperatorApi, {
        onGroup: () => {},
        onEndpoint: ({ endpoint }) => {
          all.push([endpoint.method as Method, endpoint.path.replaceAll(/:\w+/g, merchant.id)])
        }
      })
      assert.lengthOf(all, 20)
      const before = yield* sql`SELECT count(*)::int AS n FROM merchants, api_keys`

      for (const secret of [
        undefined,
        "",
        "sk_test_",
        `${valid}x`,
        valid.toUpperCase(),
        Redacted.value(ofMerchant.secret),
        Redacted.value(ofLive.secret),
        Redacted.value(revoked.secret)
      ]) {
        for (const [method, path] of all) {
          const { json, status } = yield* sendAs(secret, method, path, method === "GET" ? undefined : {})
          assert.deepStrictEqual([status, json.code], [401, "invalid_api_key"], `${method} ${path} ${secret}`)
          assert.sameMembers(Object.keys(json), ["type", "title", "status", "code", "detail"])
        }
      }
      assert.deepStrictEqual(yield* sql`SELECT count(*)::int AS n FROM merchants, api_keys`, before)
      assert.strictEqual((yield* sendAs(valid, "GET", "/v1/merchants")).status, 200)
    })
  )

  it.effect("names what is wrong with a body, all of it, by pointer", () =>
    Effect.gen(function* () {
      const pointers = Effect.fnUntraced(function* (method: Method, path: string, body: unknown) {
        const { json, status } = yield* send(method, path, body)
        assert.deepStrictEqual([status, json.code], [422, "validation_failed"], JSON.stringify(body))
        return json.errors.map(({ pointer }: { readonly pointer: string }) => pointer).toSorted()
      })
      const good = terminal()
      const merchant = (body: object) => pointers("POST", "/v1/merchants", { name: "Shop", ...body })
      const merchantWith = (change: object) => merchant({ terminals: [{ ...good, ...change }] })
      const key = { merchant_id: `mer_${missing}`, environment: "test", name: "k", scopes: ["payments:read"] }
      const keyWith = (change: object) => pointers("POST", "/v1/api-keys", { ...key, ...change })

      assert.deepStrictEqual(yield* merchant({ colour: "red" }), ["/colour"])
      assert.deepStrictEqual(yield* merchant({ name: "" }), ["/name"])
      for (const name of [" Shop", "x".repeat(201), "a\u0000b", "a\nb", 7, null]) {
        assert.deepStrictEqual(yield* merchant({ name }), ["/name"], JSON.stringify(name))
      }
      assert.deepStrictEqual(yield* merchant({ terminals: [good, good, good] }), ["/terminals"])
      for (const settlement_zone of ["Mars/Base", "+05:00", "", "EST5EDT4,M3.2.0", "America/New_York\n"]) {
        assert.deepStrictEqual(yield* merchantWith({ settlement_zone }), ["/terminals/0/settlement_zone"])
      }
      for (const settlement_cutoff of ["24:00", "7:00", "17:00:00", "17:60", ""]) {
        assert.deepStrictEqual(yield* merchantWith({ settlement_cutoff }), ["/terminals/0/settlement_cutoff"])
      }
      assert.deepStrictEqual(yield* merchantWith({ merch_nbr: "7'--", environment: "prod", extra: 1 }), [
        "/terminals/0/environment",
        "/terminals/0/extra",
        "/terminals/0/merch_nbr"
      ])
      assert.deepStrictEqual(yield* keyWith({ scopes: [] }), ["/scopes"])
      assert.deepStrictEqual(yield* keyWith({ scopes: ["payments:read", "payments:read"] }), ["/scopes"])
      assert.deepStrictEqual(yield* keyWith({ scopes: ["everything"] }), ["/scopes/0"])
      assert.deepStrictEqual(yield* keyWith({ merchant_id: null }), ["/scopes"])
      assert.deepStrictEqual(yield* keyWith({ merchant_id: undefined }), ["/merchant_id"])
      assert.deepStrictEqual(yield* keyWith({ expires_at: "tomorrow" }), ["/expires_at"])
      const roll = `/v1/api-keys/key_${missing}/roll`
      for (const overlap_seconds of [-1, 0.5, 2_592_001, "60"]) {
        assert.deepStrictEqual(yield* pointers("POST", roll, { overlap_seconds }), ["/overlap_seconds"])
      }
    })
  )

  it.effect("tells what is not there or already taken", () =>
    Effect.gen(function* () {
      const taken = terminal()
      const { id } = yield* (yield* Merchants).create({ name: "Shop", terminals: [taken] })
      const nobody = `/v1/merchants/mer_${missing}`
      const noKey = `/v1/api-keys/key_${missing}`
      const newKey = { merchant_id: `mer_${missing}`, environment: "test", name: "k", scopes: ["payments:read"] }
      const late = { merchant_id: null, environment: "test", name: "k", expires_at: "1969-12-31T23:59:59Z" }
      const cases: ReadonlyArray<readonly [Method, string, unknown, number, string]> = [
        ["GET", nobody, undefined, 404, "merchant_not_found"],
        ["PATCH", nobody, { name: "x" }, 404, "merchant_not_found"],
        ["POST", `${nobody}/suspend`, undefined, 404, "merchant_not_found"],
        ["POST", `${nobody}/activate`, undefined, 404, "merchant_not_found"],
        ["POST", `${nobody}/terminals`, terminal(), 404, "merchant_not_found"],
        ["POST", `/v1/merchants/${id}/terminals`, terminal(), 409, "merchant_has_terminal"],
        ["POST", `/v1/merchants/${id}/terminals`, { ...taken, environment: "test" }, 409, "terminal_taken"],
        ["POST", "/v1/merchants", { name: "x", terminals: [taken] }, 409, "terminal_taken"],
        ["PATCH", `/v1/merchants/${id}/terminals/ter_${missing}`, {}, 404, "terminal_not_found"],
        ["POST", `${noKey}/revoke`, undefined, 404, "api_key_not_found"],
        ["POST", `${noKey}/roll`, {}, 404, "api_key_not_found"],
        ["POST", "/v1/api-keys", newKey, 404, "merchant_not_found"],
        ["POST", "/v1/api-keys", late, 422, "expiry_passed"]
      ]
      for (const [method, path, body, status, code] of cases) {
        const answer = yield* send(method, path, body)
        assert.deepStrictEqual([answer.status, answer.json.code], [status, code], `${method} ${path}`)
        assert.notInclude(JSON.stringify(answer.json), taken.merch_nbr)
      }
    })
  )

  it.effect("lists within limits, the next page from behind the last entry", () =>
    Effect.gen(function* () {
      const merchants = yield* Merchants
      const older = yield* merchants.create({ name: "Older" })
      const newer = yield* merchants.create({ name: "Newer" })
      const first = yield* send("GET", "/v1/merchants?limit=1")
      assert.deepStrictEqual([first.json.data[0].id, first.json.has_more], [newer.id, true])
      const second = yield* send("GET", `/v1/merchants?limit=1&starting_after=${newer.id}`)
      assert.strictEqual(second.json.data[0].id, older.id)

      for (const query of ["limit=0", "limit=101", "limit=1.5", "limit=x", "starting_after=pay_1", "page=2"]) {
        const { json, status } = yield* send("GET", `/v1/merchants?${query}`)
        assert.deepStrictEqual([status, json.code], [400, "invalid_parameter"], query)
        assert.match(json.errors[0].pointer, new RegExp(`^/query/${query.split("=")[0]}`))
      }
      const malformed = yield* send("GET", "/v1/merchants/1")
      assert.deepStrictEqual([malformed.status, malformed.json.errors[0].pointer], [400, "/params/id"])
    })
  )
})
