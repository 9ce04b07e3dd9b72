import { Metric } from "effect"
import { labelled } from "./Labelled.ts"

// OpenTelemetry's bounds for durations in seconds (semantic conventions for HTTP and database clients).
const seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 45]

const duration = (name: string, description: string) => Metric.histogram(name, { description, boundaries: seconds })

const durations = (name: string, description: string) =>
  labelled((attributes) => Metric.histogram(name, { description, boundaries: seconds, attributes }))

const counts = (name: string, description: string) =>
  labelled((attributes) => Metric.counter(name, { description, attributes, incremental: true }))

export const httpRequestDuration = durations("http_server_request_duration_seconds", "By method, route and status")

export const httpRequestsTurnedAway = Metric.counter("http_server_requests_turned_away_total", {
  description: "Requests that would have moved money, refused at once because others waited for too long",
  incremental: true
})

export const httpOpenConnections = Metric.gauge("http_server_open_connections", {
  description: "Connections of clients that are open, by listener"
})

export const httpConnections = Metric.counter("http_server_connections_total", {
  description: "Connections of clients that were accepted, by listener",
  incremental: true
})

export const httpConnectionsRefused = Metric.counter("http_server_connections_refused_total", {
  description: "Connections of clients that were closed at once because as many were open as may be, by listener",
  incremental: true
})

export const epxAttemptDuration = durations(
  "epx_attempt_duration_seconds",
  "From asking for a place among the calls to EPX to the end of its answer, by operation and outcome"
)

export const epxResults = counts(
  "epx_results_total",
  "Calls to EPX by operation, outcome and reason, which is the response code of a reply"
)

export const epxInFlight = Metric.gauge("epx_calls_in_flight", {
  description: "Calls on their way to EPX or waiting for its answer, by environment and lane"
})

export const epxQueued = Metric.gauge("epx_calls_queued", {
  description: "Calls that wait for their turn to be sent to EPX, by environment and lane"
})

export const epxBreakerState = Metric.gauge("epx_breaker_state", {
  description: "Whether charges are let through to EPX, by environment: 0 closed, 1 open, 2 half open"
})

export const epxLookUps = counts(
  "epx_look_ups_total",
  "Look-ups of calls at EPX by outcome: found, absent, or why there is no answer"
)

export const paymentsTotal = counts(
  "payments_total",
  "Payments by operation and outcome, counted when the outcome is committed"
)

export const paymentAmount = counts(
  "payments_amount_minor_units_total",
  "Approved minor units by operation and currency; equals the books"
)

export const followUpsTotal = counts("follow_ups_total", "Captures, refunds and voids by operation and outcome")

export const unknownTransactions = Metric.gauge("transactions_unknown", {
  description: "Transactions whose outcome at EPX is unknown"
})

export const unknownAge = Metric.gauge("transactions_unknown_oldest_age_seconds", {
  description: "Age of the oldest transaction whose outcome at EPX is unknown"
})

export const exceptionsOpen = Metric.gauge("exceptions_open", {
  description: "Exceptions that need a person: unknown outcomes given up, and payments that cannot be undone"
})

export const exceptionsAge = Metric.gauge("exceptions_oldest_age_seconds", {
  description: "Age of the oldest exception that needs a person"
})

export const lastSweep = Metric.gauge("resolver_last_sweep_timestamp_seconds", {
  description: "When this process last looked for unknown outcomes, in seconds since 1970"
})

export const resolutionsTotal = counts(
  "transactions_resolved_total",
  "Unknown outcomes that became definite, by outcome and by source: reversal, probe, lookup or operator"
)

export const callsInFlight = Metric.gauge("calls_in_flight", {
  description: "Calls to EPX whose outcome is not yet stored by this process"
})

export const poolSize = Metric.gauge("db_pool_size", { description: "Statements a pool runs at once" })
export const poolInUse = Metric.gauge("db_pool_in_use", { description: "Statements running" })
export const poolWaiting = Metric.gauge("db_pool_waiting", { description: "Statements waiting for a connection" })
export const poolWait = duration("db_pool_wait_seconds", "Wait for a connection, of the statements that waited")

export const replicaLag = Metric.gauge("db_replica_lag_seconds", {
  description: "How far the replica is behind: 0 when it had all there was when it was last looked at"
})
export const replicaFallbacks = counts(
  "db_replica_fallbacks_total",
  "Statements that went to the primary instead of the replica, by reason"
)

export const cacheRequests = counts("cache_requests_total", "Look-ups in a cache by result: hit or miss")
export const cacheSize = Metric.gauge("cache_size", { description: "Entries a cache holds" })
export const cacheFlushes = counts(
  "cache_flushes_total",
  "Times a cache was emptied because something that it holds may have changed, in any process"
)

export const rateLimited = counts(
  "http_requests_rate_limited_total",
  "Requests refused because their merchant asked too often, by limit: reads, writes or concurrency"
)
export const rateLeases = counts(
  "rate_limit_leases_total",
  "Blocks of limits that were asked for, by result: granted, refused, or failed, which lets everybody in"
)

export const placeLeases = counts(
  "concurrency_leases_total",
  "Leases of places for requests under way, by result: granted, refused (less was left), or failed"
)

export const declinesCounted = Metric.counter("declines_counted_total", {
  description: "Charges that were declined, as the guard against card testing has counted them",
  incremental: true
})
export const declinesRefused = counts(
  "declines_refused_total",
  "Charges refused because too many were declined before, per customer, address or key"
)
export const declineFlushes = counts(
  "decline_flushes_total",
  "Times that declines were shared with the other processes, by result: done, or failed either way"
)

export const databaseNotices = counts("db_notices_total", "Notices of other processes, and of this one, by channel")
export const databaseListening = Metric.gauge("db_listening", {
  description: "Whether notices arrive, by channel: 0 while the connection that listens is broken"
})

// Named as the usual client libraries of Prometheus do, so that dashboards for any Node process know them.
export const residentMemory = Metric.gauge("process_resident_memory_bytes", { description: "Memory of the process" })
export const heapUsed = Metric.gauge("nodejs_heap_size_used_bytes", { description: "Of V8's heap, what is in use" })
export const heapTotal = Metric.gauge("nodejs_heap_size_total_bytes", { description: "V8's heap" })
export const externalMemory = Metric.gauge("nodejs_external_memory_bytes", { description: "Buffers outside of it" })
export const processorTime = Metric.counter("process_cpu_seconds_total", {
  description: "Processor time of all threads, user and system",
  incremental: true
})
export const activeResources = Metric.gauge("nodejs_active_resources", {
  description: "What keeps the event loop alive: sockets, servers, timers and requests to the system"
})
export const fibersActive = Metric.gauge("fibers_active", {
  description: "Fibers of the service that have begun and not ended"
})
export const openDescriptors = Metric.gauge("process_open_fds", { description: "Open file descriptors" })
export const mostDescriptors = Metric.gauge("process_max_fds", { description: "As many as may be open" })
export const collections = Metric.counter("nodejs_gc_total", {
  description: "Garbage collections, by kind",
  incremental: true
})
export const collectionTime = Metric.counter("nodejs_gc_seconds_total", {
  description: "Time in garbage collections, by kind",
  incremental: true
})
export const eventLoopDelay = Metric.gauge("nodejs_eventloop_delay_seconds", {
  description: "How late the event loop was in the last ten seconds, by quantile"
})
