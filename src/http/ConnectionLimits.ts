import { Duration } from "effect"
import { requestDeadline } from "./RequestDeadline.ts"

/** What one client may take of a listener. What the service itself takes for an answer counts nowhere here. */
export interface ConnectionLimits {
  /** Until the headers have come, since connecting or since their first byte; a TLS handshake has as long. */
  readonly headers_ms: number
  /** Until the whole request has come. */
  readonly request_ms: number
  /** Without a request, as a load balancer in front may keep a connection for a minute. */
  readonly idle_ms: number
  /** Until the client has taken its answer. */
  readonly answer_ms: number
  /** For what is under way when the listener closes. */
  readonly closing_ms: number
  /** How often connections are looked at. */
  readonly look_ms: number
  readonly headerBytes: number
  /** Requests at a time on one connection of HTTP/2. */
  readonly streams: number
  /** So many requests at once, and so many a second, may be taken back on one connection of HTTP/2. */
  readonly resets: { readonly burst: number; readonly rate: number }
}

export const usualLimits: ConnectionLimits = {
  headers_ms: 5_000,
  request_ms: 15_000,
  idle_ms: 65_000,
  answer_ms: 30_000,
  closing_ms: Duration.toMillis(requestDeadline) + 5_000,
  look_ms: 1_000,
  headerBytes: 16_384,
  streams: 250,
  // Whoever gives up takes back all that is under way, and may do so twice.
  resets: { burst: 500, rate: 33 }
}
