import { randomBytes, randomUUID } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as Ids from "../../src/domain/Ids.ts"
import { type Scope, scopes } from "../../src/domain/Scope.ts"
import { ApiKeys } from "../../src/merchants/ApiKeys.ts"
import { Merchants } from "../../src/merchants/Merchants.ts"
import { problemOf } from "../http/Problems.ts"
import { exampleOf, type Route, routes } from "../http/Routes.ts"
import { TestService } from "../support/TestService.ts"
import { changesNothing, digest, tables } from "./Digest.ts"

/** Sends the documented request of a route; a parameter gets the id given for what stands before it in the path. */
const send = Effect.fnUntraced(function* (
  route: Route,
  key: string | undefined,
  ids: Readonly<Record<string, string>>
) {
  const { request, requestOps } = yield* TestService
  const path = route.path.replaceAll(/([\w-]+)\/:\w+/g, (_, kind: string) => `${kind}/${ids[kind] ?? unknownId(kind)}`)
  const example = exampleOf(route)
  // One order is not paid twice within minutes.
  const json = Object(example).order_ref === undefined ? example : { ...Object(example), order_ref: randomUUID() }
  return yield* (route.api === "api" ? request : requestOps)({
    method: route.method,
    path,
    key,
    headers: { "idempotency-key": randomUUID() },
    ...(json === undefined ? {} : { json })
  })
})

/** What a path names by another word than its table. */
const tableOf = (kind: string): string => (kind === "exceptions" ? "transactions" : kind)

const idsOf = (called: string) => {
  const kind = tableOf(called)
  const words = kind.replace(/(?<=ch)es$|s$/, "").split("-")
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")
  const found = Object.entries(Ids).find(([key]) => key === `${name}Ids`)?.[1]
  if (typeof found !== "object") throw new Error(`domain/Ids.ts has no ids for /${kind}`)
  return found
}

const unknownId = (kind: string): string => idsOf(kind).fromUuid("019ab000-0000-7000-8000-000000000000")

const kindsOf = ({ path }: Route): ReadonlyArray<string> =>
  [...path.matchAll(/([\w-]+)\/:\w+/g)].map(([, kind]) => kind ?? "")

/** One id of each kind that a path can name: of the newest row of the merchant in the table of that name. */
const idsOfMerchant = Effect.fnUntraced(function* (merchant: Ids.MerchantId) {
  const sql = yield* SqlClient.SqlClient
  const owner = Ids.MerchantIds.toUuid(merchant)
  const found: Record<string, string> = {}
  // Of something that no route here asks for.
  yield* sql`INSERT INTO kill_switches (id, operation, merchant_id, reason)
    VALUES (${randomUUID()}::uuid, 'authorization', ${owner}::uuid, 'A drill') ON CONFLICT DO NOTHING`
  for (const kind of new Set(routes.flatMap(kindsOf))) {
    const column = kind === "merchants" ? "id" : "merchant_id"
    const rows = yield* sql<{
      readonly id: string
    }>`SELECT id::text AS id FROM ${sql(tableOf(kind).replaceAll("-", "_"))}
      WHERE ${sql(column)} = ${owner}::uuid ORDER BY id DESC LIMIT 1`
    assert.lengthOf(rows, 1, `the merchant has none of /${kind}`)
    found[kind] = idsOf(kind).fromUuid(rows[0]?.id ?? "")
  }
  return found
})

/** Every kind of key that must not open a route of the API named. */
const strangers = Effect.fnUntraced(function* (api: Route["api"]) {
  const { makeMerchant, merchant, operatorKey } = yield* TestService
  const apiKeys = yield* ApiKeys
  const sql = yield* SqlClient.SqlClient
  const { id } = yield* makeMerchant()
  const issue = Effect.fnUntraced(function* () {
    const key = { name: "Key", environment: "test", expiresAt: null } as const
    return api === "api"
      ? yield* apiKeys.createForMerchant(id, { ...key, scopes })
      : yield* apiKeys.createForOperator(key)
  })
  const revoked = yield* issue()
  yield* apiKeys.revoke(revoked.id)
  const expired = yield* issue()
  yield* sql`UPDATE api_keys SET expires_at = now() - interval '1 second'
    WHERE id = ${Ids.ApiKeyIds.toUuid(expired.id)}::uuid`
  const live = yield* apiKeys.createForOperator({ name: "Key", environment: "live", expiresAt: null })
  const kind = api === "api" ? "sk" : "op"
  const valid = api === "api" ? merchant.keys.all : operatorKey
  return {
    "no key": undefined,
    "an empty key": "",
    garbage: "x",
    "a key nobody has": `${kind}_test_${randomBytes(32).toString("base64url")}`,
    "a key in other letters": valid.replace(/.(?=.{9}$)/, (letter) => (letter === "a" ? "b" : "a")),
    "the hash of a key": randomBytes(32).toString("hex"),
    "a revoked key": Redacted.value(revoked.secret),
    "an expired key": Redacted.value(expired.secret),
    ...(api === "api"
      ? { "an operator's key": operatorKey }
      : { "a merchant's key": merchant.keys.all, "a live operator's key": Redacted.value(live.secret) })
  }
})

const titled = (kind: (route: Route) => boolean) =>
  routes.filter(kind).map((route) => [`${route.api}: ${route.method} ${route.path}`, route] as const)

const isOfMerchants = ({ api }: Route) => api === "api"

layer(TestService.layer)("every route", (it) => {
  it.effect("is in the matrix, and every table in its digest", () =>
    Effect.gen(function* () {
      assert.includeMembers(
        routes.map(({ method, path }) => `${method} ${path}`),
        ["POST /v1/payments", "GET /v1/payments/:id", "POST /v1/api-keys/:id/roll"]
      )
      assert.includeMembers(yield* tables, ["merchants", "terminals", "api_keys", "payments", "transactions", "events"])
      const { charge } = yield* TestService
      const before = yield* digest
      yield* charge()
      const after = yield* digest
      const changed = after.filter((row, index) => row["digest"] !== before[index]?.["digest"])
      assert.sameMembers(
        changed.map(({ name }) => name),
        ["payments", "transactions", "events", "ledger_entries"]
      )
    })
  )

  for (const [title, route] of titled(() => true)) {
    it.effect(`is closed to strangers: ${title}`, () =>
      Effect.gen(function* () {
        const { charge, makeMerchant } = yield* TestService
        const { id, keys } = yield* makeMerchant()
        yield* charge({}, { key: keys.all })
        const ids = yield* idsOfMerchant(id)
        for (const [who, key] of Object.entries(yield* strangers(route.api))) {
          const answer = yield* changesNothing(send(route, key, ids))
          assert.deepStrictEqual(problemOf(answer), [401, "invalid_api_key"], who)
          assert.deepStrictEqual(Object.keys(answer.json).toSorted(), [
            "code",
            "detail",
            "request_id",
            "status",
            "title",
            "type"
          ])
        }
      })
    )
  }

  for (const [title, route] of titled(isOfMerchants)) {
    it.effect(`needs a scope: ${title}`, () =>
      Effect.gen(function* () {
        const { charge, merchant } = yield* TestService
        yield* charge()
        const ids = yield* idsOfMerchant(merchant.id)
        const apiKeys = yield* ApiKeys
        const openTo = Effect.fnUntraced(function* (held: ReadonlyArray<Scope>) {
          const asked = { name: "Key", environment: "test", scopes: held, expiresAt: null } as const
          const { secret } = yield* apiKeys.createForMerchant(merchant.id, asked)
          return send(route, Redacted.value(secret), ids)
        })
        const bare = yield* changesNothing(yield* openTo([]))
        assert.deepStrictEqual(problemOf(bare), [403, "scope_missing"])
        const needed: Array<Scope> = []
        for (const scope of scopes) {
          const answer = yield* yield* openTo(scopes.filter((held) => held !== scope))
          if (answer.status !== 403) continue
          assert.deepStrictEqual([...problemOf(answer), answer.json.scope], [403, "scope_missing", scope])
          needed.push(scope)
        }
        assert.isNotEmpty(needed, "no scope closes this route")
        for (const scope of needed) {
          const answer = yield* changesNothing(yield* openTo(scopes.filter((held) => held !== scope)))
          assert.strictEqual(answer.status, 403)
        }
        // Whether the payment that happens to be there can be captured, say, is another matter.
        const { status } = yield* yield* openTo(needed)
        assert.isTrue(
          status < 300 || status === 409 || status === 422,
          `the scopes that close it do not open it: ${status}`
        )
      })
    )

    it.effect(`shows and moves nothing of another merchant or of the other side: ${title}`, () =>
      Effect.gen(function* () {
        const { charge, makeMerchant } = yield* TestService
        const victim = yield* makeMerchant()
        const made = yield* charge({ order_ref: "of the victim" }, { key: victim.keys.all })
        assert.strictEqual(made.status, 201)
        const ids = yield* idsOfMerchant(victim.id)
        const other = yield* makeMerchant()
        for (const key of [other.keys.all, other.keys.live, victim.keys.live]) {
          if (kindsOf(route).length > 0) {
            const answer = yield* changesNothing(send(route, key, ids))
            assert.strictEqual(problemOf(answer)[0], 404)
            const missing = yield* send(route, key, {})
            assert.deepStrictEqual({ ...answer.json, request_id: "" }, { ...missing.json, request_id: "" })
          } else if (route.method === "GET") {
            const answer = yield* changesNothing(send(route, key, ids))
            assert.strictEqual(answer.status, 200)
            assert.notInclude(answer.text, made.json.id)
            assert.notInclude(answer.text, "of the victim")
          } else {
            // What a key makes is its own: the victim's rows stay as they are.
            const read = Effect.flatMap(TestService, ({ request }) =>
              request({ path: "/v1/payments?limit=100", key: victim.keys.read })
            )
            const before = yield* read
            yield* send(route, key, ids)
            assert.deepStrictEqual((yield* read).json, before.json)
          }
        }
      })
    )

    it.effect(`lets a suspended merchant read and nothing else: ${title}`, () =>
      Effect.gen(function* () {
        const { charge, makeMerchant } = yield* TestService
        const { id, keys } = yield* makeMerchant()
        yield* charge({}, { key: keys.all })
        const ids = yield* idsOfMerchant(id)
        yield* (yield* Merchants).suspend(id)
        const answer = yield* changesNothing(send(route, keys.all, ids))
        if (route.method === "GET") assert.strictEqual(answer.status, 200)
        else assert.deepStrictEqual(problemOf(answer), [403, "merchant_suspended"])
      })
    )
  }

  for (const [title, route] of titled((route) => !isOfMerchants(route) && kindsOf(route).length > 1)) {
    it.effect(`does not mix merchants: ${title}`, () =>
      Effect.gen(function* () {
        const { charge, makeMerchant, merchant, operatorKey } = yield* TestService
        const other = yield* makeMerchant()
        yield* charge()
        yield* charge({}, { key: other.keys.all })
        const mine = yield* idsOfMerchant(merchant.id)
        const theirs = yield* idsOfMerchant(other.id)
        const [first = "", ...rest] = kindsOf(route)
        const mixed = {
          [first]: mine[first] ?? "",
          ...Object.fromEntries(rest.map((kind) => [kind, theirs[kind] ?? ""]))
        }
        assert.strictEqual(problemOf(yield* changesNothing(send(route, operatorKey, mixed)))[0], 404)
      })
    )
  }
})
