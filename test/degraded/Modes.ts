import { Effect, Schedule, type Scope } from "effect"
import { Admission } from "../../src/http/Admission.ts"
import { Health } from "../../src/http/Health.ts"
import { TestService } from "../support/TestService.ts"
import { WayToPostgres, WayToReplica } from "./Stage.ts"

/** What does not work, and what clients and operators see of that. */
export interface Mode {
  readonly name: string
  /** Status and code, or status of the payment. */
  readonly sale: string
  /** Of a payment that was there before. */
  readonly read: string
  readonly ready: string
  /** What becomes of the sale: of its payment, or, where nothing was sent, of the same request once all is well. */
  readonly afterwards: string
  /** The charge by which it began is found out only minutes later. */
  readonly hasOpenCharge?: true
  /** Lasts until its scope ends. */
  readonly begin: Effect.Effect<unknown, never, Needs>
}

type Needs = TestService | WayToPostgres | WayToReplica | Admission | Health | Scope.Scope

const always = { ready: "200 ready", read: "200" }
const sentLater = "nothing was sent; sent again with its key: 201 captured"

/** For as long as the scope lasts. */
const epx = (effect: string) =>
  Effect.flatMap(TestService, ({ simulator: { scenarios } }) =>
    Effect.acquireRelease(
      Effect.orDie(scenarios.add({ effect, match: { TRAN_TYPE: "CCE1" }, times: "always" })),
      ({ id }) => scenarios.remove(id)
    )
  )

const postgres = (fail: "cut" | "hush") =>
  Effect.flatMap(WayToPostgres, (way) =>
    Effect.acquireRelease(way[fail], () => (fail === "cut" ? way.mend : Effect.andThen(way.cut, way.mend)))
  )

const operate = (path: string, json: object, method = "POST") =>
  Effect.flatMap(TestService, ({ operatorKey: key, requestOps }) =>
    Effect.map(requestOps({ method, path, key, json }), (answer) => answer.json)
  )

const charges = (count: number) =>
  Effect.flatMap(TestService, ({ charge }) =>
    Effect.forEach(Array.from({ length: count }), () => charge(), { concurrency: "unbounded" })
  )

/** The first of so many charges is cut off, and from then on no connection is accepted. */
const refusing = (count: number) =>
  Effect.andThen(epx("CONN_REFUSED_3000"), charges(1)).pipe(Effect.andThen(charges(count - 1)))

export const modes: ReadonlyArray<Mode> = [
  {
    name: "EPX refuses connections",
    sale: "503 gateway_unavailable",
    ...always,
    afterwards: sentLater,
    hasOpenCharge: true,
    begin: refusing(1)
  },
  {
    name: "EPX has not answered five in a row: the breaker is open for 30 seconds",
    sale: "503 gateway_unavailable",
    ...always,
    afterwards: "nothing was sent, nor tried; after half a minute: 201 captured",
    hasOpenCharge: true,
    begin: refusing(7)
  },
  {
    name: "EPX breaks off its answers",
    sale: "202 unknown",
    ...always,
    afterwards: "reversed",
    begin: epx("RESET_AFTER")
  },
  {
    name: "A proxy answers instead of EPX",
    sale: "202 unknown",
    ...always,
    afterwards: "reversed",
    begin: epx("HTML_502_AFTER")
  },
  {
    name: "EPX takes 13 seconds",
    sale: "202 processing",
    ...always,
    afterwards: "captured",
    begin: epx("SLOW_13000")
  },
  {
    name: "Postgres cannot be reached",
    sale: "503 database_unavailable",
    read: "503 database_unavailable",
    ready: "503 degraded",
    afterwards: sentLater,
    begin: postgres("cut")
  },
  {
    name: "Postgres does not answer",
    sale: "503 database_unavailable",
    read: "503 database_unavailable",
    ready: "503 degraded",
    afterwards: sentLater,
    begin: postgres("hush")
  },
  {
    name: "The replica cannot be reached",
    sale: "201 captured",
    ...always,
    afterwards: "captured",
    begin: Effect.flatMap(WayToReplica, (way) => Effect.acquireRelease(way.cut, () => way.mend))
  },
  {
    name: "More comes than can be served",
    sale: "503 overloaded",
    ...always,
    afterwards: sentLater,
    begin: Effect.gen(function* () {
      yield* epx("SLOW_4000")
      const { watch } = yield* Admission
      yield* Effect.acquireRelease(watch(Effect.succeed(1_000)), () => watch(Effect.succeed(0)))
      yield* Effect.forkScoped(charges(400))
      yield* Effect.sleep("1 second")
    })
  },
  {
    name: "A merchant asks more often than it may",
    sale: "429 rate_limited",
    ...always,
    afterwards: sentLater,
    begin: Effect.gen(function* () {
      const { merchant } = yield* TestService
      const change = (writes_per_second: number | null) =>
        operate(`/v1/merchants/${merchant.id}`, { writes_per_second }, "PATCH")
      yield* Effect.acquireRelease(change(1), () => change(null))
      yield* Effect.sleep("2 seconds")
      yield* charges(8)
    })
  },
  {
    name: "Too many charges by one key were declined",
    sale: "429 too_many_declines",
    ...always,
    afterwards: sentLater,
    begin: Effect.gen(function* () {
      const { charge, merchant } = yield* TestService
      const change = (declines_per_key: number | null) =>
        operate(`/v1/merchants/${merchant.id}`, { declines_per_key }, "PATCH")
      yield* Effect.acquireRelease(change(2), () => change(null))
      // The issuer refuses this amount.
      const refused = Effect.suspend(() => charge({ amount: 120 }))
      // What a merchant may is learnt with the first decline that is shared.
      const again = Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 100 }))
      yield* Effect.repeat(refused, { until: ({ status }) => status === 429, schedule: again })
    })
  },
  {
    name: "An operator has stopped sales",
    sale: "503 operation_stopped",
    ...always,
    afterwards: sentLater,
    begin: Effect.acquireRelease(operate("/v1/kill-switches", { operation: "sale", reason: "A drill" }), ({ id }) =>
      operate(`/v1/kill-switches/${id}/lift`, {})
    )
  },
  {
    name: "The merchant is suspended",
    sale: "403 merchant_suspended",
    ...always,
    afterwards: sentLater,
    begin: Effect.flatMap(TestService, ({ merchant }) =>
      Effect.acquireRelease(operate(`/v1/merchants/${merchant.id}/suspend`, {}), () =>
        operate(`/v1/merchants/${merchant.id}/activate`, {})
      )
    )
  },
  {
    name: "The process is shutting down",
    sale: "201 captured",
    read: "200",
    ready: "503 starting or shutting down",
    afterwards: "captured",
    begin: Effect.flatMap(Health, ({ setReady }) => Effect.acquireRelease(setReady(false), () => setReady(true)))
  }
]
