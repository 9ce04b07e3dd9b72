import type { IncomingMessage, ServerResponse } from "node:http"
import { DateTime, Option, Result, Schema } from "effect"
import { testBrics } from "./Cards.ts"
import type { Controls } from "./Controls.ts"
import { testEpiKey } from "./EpiKey.ts"
import { fieldRules } from "./FieldRules.ts"
import { ProfilePatch } from "./Profile.ts"
import { InvalidCommand, ScenarioInput } from "./Scenarios.ts"
import { isKey } from "./Terminals.ts"

interface Command {
  readonly query: URLSearchParams
  readonly body: string
  /** What follows the route's path. */
  readonly rest: string
}

interface Reply {
  readonly status: number
  readonly body: unknown
}

type Handler = (command: Command, controls: Controls) => Result.Result<Reply, InvalidCommand>

interface Route {
  readonly method: string
  readonly path: string
  /** Whether one more segment follows the path. */
  readonly hasRest?: boolean
  /** Query parameters; `*` = any field of a request as well. */
  readonly query: ReadonlyArray<string>
  readonly handler: Handler
}

const ok = (body: unknown, status = 200) => Result.succeed({ status, body })

const bad = (message: string) => Result.fail(new InvalidCommand({ message }))

/** 409 when there is something to complain about. */
const verdict = (violations: ReadonlyArray<unknown>) =>
  ok({ ok: violations.length === 0, violations }, violations.length === 0 ? 200 : 409)

const decode = <S extends Schema.Codec<unknown, unknown>>(
  schema: S,
  body: string
): Result.Result<S["Type"], InvalidCommand> =>
  Schema.decodeUnknownResult(Schema.fromJsonString(schema), { onExcessProperty: "error", errors: "all" })(body).pipe(
    Result.mapError((error) => new InvalidCommand({ message: error.message }))
  )

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `250ms`, `90s`, `5m`, `48h`, `13d`, or bare milliseconds. */
const parseDuration = (text: string): Result.Result<number, InvalidCommand> => {
  const [, digits = "", unit = "ms"] = /^(\d{1,12})(ms|s|m|h|d)?$/.exec(text) ?? []
  const factor = Object.entries(units).find(([name]) => name === unit)?.[1]
  return digits === "" || factor === undefined
    ? bad(`not a duration: ${text} (write 250ms, 90s, 5m, 48h or 13d)`)
    : Result.succeed(Number(digits) * factor)
}

const ClockPatch = Schema.Struct({
  advance: Schema.optionalKey(Schema.Union([Schema.String, Schema.Int])),
  /** RFC 3339; the clock then stands still. */
  set: Schema.optionalKey(Schema.String),
  frozen: Schema.optionalKey(Schema.Boolean)
})

const showClock = ({ clock }: Controls) => ({
  now: DateTime.formatIso(DateTime.makeUnsafe(clock.now())),
  frozen: clock.isFrozen
})

const keyOf = ({ query }: Command): string | undefined => query.get("key") ?? undefined

const filterOf = (command: Command) => ({ key: keyOf(command), reference: command.query.get("ref") ?? undefined })

const changeClock: Handler = ({ body }, controls) =>
  Result.gen(function* () {
    const { advance, set, frozen } = yield* decode(ClockPatch, body)
    const milliseconds = advance === undefined ? 0 : yield* parseDuration(`${advance}`)
    const at = set === undefined ? undefined : Option.getOrUndefined(DateTime.make(set))
    if (set !== undefined && at === undefined) return yield* bad(`not an instant: ${set}`)
    if (at !== undefined) controls.clock.freeze(DateTime.toEpochMillis(at))
    if (frozen === true) controls.clock.freeze(controls.clock.now())
    if (frozen === false) controls.clock.thaw()
    controls.clock.advance(milliseconds)
    return { status: 200, body: showClock(controls) }
  })

const addScenario: Handler = ({ body }, controls) =>
  Result.map(
    Result.flatMap(decode(ScenarioInput, body), (input) => controls.scenarios.add(input)),
    (scenario) => ({ status: 201, body: scenario })
  )

const removeScenario: Handler = ({ rest }, controls) =>
  controls.scenarios.remove(Number(rest)) ? ok(null, 204) : ok({ error: `no scenario ${rest}` }, 404)

const hideSecrets = (profile: ReturnType<Controls["profile"]>) => ({
  ...profile,
  mac: profile.mac === null ? null : "set",
  epi_key: profile.epi_key === testEpiKey ? testEpiKey : "set"
})

const changeProfile: Handler = (command, controls) =>
  Result.map(decode(ProfilePatch, command.body), (patch) => ({
    status: 200,
    body: hideSecrets(controls.patchProfile(patch, keyOf(command)))
  }))

const listRequests: Handler = (command, controls) => {
  const fields = Object.fromEntries([...command.query].filter(([name]) => name !== "key"))
  return ok({ requests: controls.requests({ key: keyOf(command), fields }) })
}

const assertDefinite: Handler = (command, controls) =>
  Result.flatMap(parseDuration(command.query.get("older_than") ?? "0"), (olderThanMs) =>
    verdict(controls.indefinite(olderThanMs, keyOf(command)))
  )

const root = "/__sim"

const routes: ReadonlyArray<Route> = [
  {
    method: "GET",
    path: "",
    query: [],
    handler: (_, controls) => ok({ brics: testBrics, epi_key: testEpiKey, clock: showClock(controls) })
  },
  {
    method: "GET",
    path: "/scenarios",
    query: ["key"],
    handler: (command, controls) => ok({ scenarios: controls.scenarios.list(keyOf(command)) })
  },
  { method: "POST", path: "/scenarios", query: [], handler: addScenario },
  {
    method: "DELETE",
    path: "/scenarios",
    query: ["key"],
    handler: (command, controls) => {
      controls.scenarios.clear(keyOf(command))
      return ok(null, 204)
    }
  },
  { method: "DELETE", path: "/scenarios", hasRest: true, query: [], handler: removeScenario },
  {
    method: "GET",
    path: "/ledger",
    query: ["key", "ref"],
    handler: (command, controls) => ok({ ledger: controls.ledger(filterOf(command)) })
  },
  {
    method: "GET",
    path: "/transactions",
    query: ["key", "ref"],
    handler: (command, controls) => ok({ transactions: controls.transactions(filterOf(command)) })
  },
  { method: "GET", path: "/requests", query: ["key", "*"], handler: listRequests },
  { method: "GET", path: "/clock", query: [], handler: (_, controls) => ok(showClock(controls)) },
  { method: "POST", path: "/clock", query: [], handler: changeClock },
  {
    method: "POST",
    path: "/reset",
    query: ["key"],
    handler: (command, controls) => {
      controls.reset(keyOf(command))
      return ok(null, 204)
    }
  },
  {
    method: "GET",
    path: "/profile",
    query: ["key"],
    handler: (command, controls) => ok(hideSecrets(controls.profile(keyOf(command))))
  },
  { method: "PUT", path: "/profile", query: ["key"], handler: changeProfile },
  {
    method: "GET",
    path: "/assert/no-double-charge",
    query: ["key", "ref"],
    handler: (command, controls) => verdict(controls.doubleCharges(filterOf(command)))
  },
  {
    method: "GET",
    path: "/assert/no-double-refund",
    query: ["key", "ref"],
    handler: (command, controls) => verdict(controls.doubleRefunds(filterOf(command)))
  },
  { method: "GET", path: "/assert/all-definite", query: ["key", "older_than"], handler: assertDefinite }
]

const restOf = (route: Route, pathname: string): string | undefined => {
  const path = root + route.path
  if (route.hasRest !== true) return pathname === path ? "" : undefined
  const rest = pathname.startsWith(`${path}/`) ? pathname.slice(path.length + 1) : ""
  return rest === "" || rest.includes("/") ? undefined : rest
}

const checkQuery = (route: Route, query: URLSearchParams): string | undefined => {
  const takesFields = route.query.includes("*")
  const isKnown = (name: string) => route.query.includes(name) || (takesFields && Object.hasOwn(fieldRules, name))
  const unknown = [...query.keys()].find((name) => !isKnown(name))
  if (unknown !== undefined) return `unknown query parameter: ${unknown}`
  const key = query.get("key")
  return key !== null && !isKey(key) ? `key must be CUST-MERCH-DBA-TERM, not ${key}` : undefined
}

/** The answer to one command: every mistake comes back as JSON that names it. */
const control = (
  controls: Controls,
  request: { readonly method: string; readonly url: URL; readonly body: string }
): Reply => {
  const matching = routes.filter((route) => restOf(route, request.url.pathname) !== undefined)
  if (matching.length === 0) {
    const known = routes.map(
      ({ method, path, hasRest }) => `${method} ${root}${path}${hasRest === true ? "/{id}" : ""}`
    )
    return { status: 404, body: { error: `unknown route: ${request.url.pathname}`, routes: known } }
  }
  const route = matching.find(({ method }) => method === request.method)
  if (route === undefined) {
    return {
      status: 405,
      body: { error: `${request.method} is not allowed here`, allowed: matching.map((r) => r.method) }
    }
  }
  const query = request.url.searchParams
  const problem = checkQuery(route, query)
  if (problem !== undefined) return { status: 400, body: { error: problem } }
  const rest = restOf(route, request.url.pathname) ?? ""
  const result = route.handler({ query, body: request.body, rest }, controls)
  return Result.isSuccess(result) ? result.success : { status: 400, body: { error: result.failure.message } }
}

const bodyLimit = 64 * 1024

const badUrl: Reply = { status: 400, body: { error: "not a URL" } }

/** The control plane as a request handler of its own port. */
export const makeControlPlane =
  (controls: Controls) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => {
      body += chunk
      if (body.length > bodyLimit) request.destroy()
    })
    request.on("end", () => {
      const method = request.method ?? ""
      const url = URL.parse(request.url ?? "", "http://simulator")
      const reply = url === null ? badUrl : control(controls, { method, url, body })
      response.writeHead(reply.status, { "Content-Type": "application/json" })
      response.end(reply.status === 204 ? undefined : JSON.stringify(reply.body))
    })
  }
