import type { Fault, Wire } from "./Fault.ts"
import { mild } from "./Fault.ts"

const lost = (name: string, commit: Fault["commit"], wire: Wire): Fault => ({ name, commit, isReadable: false, wire })

const odd = (name: string, wire: Wire): Fault => ({ ...mild(name), wire })

const proxyPage = "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

const html = (status: number): Wire => ({ kind: "page", status, contentType: "text/html", body: proxyPage })

const plain = (status: number, body: string, headers?: { readonly [name: string]: string }): Wire => ({
  kind: "page",
  status,
  contentType: "text/plain",
  body,
  ...(headers === undefined ? {} : { headers })
})

const retryLater = { "Retry-After": "1" }

// A page may come from a proxy before EPX saw the request or after; without a suffix it is after, the worse case.
const pages: { readonly [name: string]: Wire } = {
  HTML_200: html(200),
  HTML_502: html(502),
  HTTP_500: plain(500, "internal error"),
  HTTP_503: plain(503, "unavailable", retryLater),
  HTTP_429: plain(429, "too many requests", retryLater),
  HTTP_504: plain(504, "gateway timeout")
}

const pageFaults = Object.entries(pages).flatMap(([name, wire]) => [
  lost(name, "now", wire),
  lost(`${name}_AFTER`, "now", wire),
  lost(`${name}_BEFORE`, "never", wire)
])

const redirect = plain(301, "moved", { Location: "https://moved.invalid/" })

const named: ReadonlyArray<Fault> = [
  lost("RESET_BEFORE", "never", { kind: "reset" }),
  lost("RESET_AFTER", "now", { kind: "reset" }),
  lost("TIMEOUT_BEFORE", "never", { kind: "silence" }),
  lost("TIMEOUT_AFTER", "now", { kind: "silence" }),
  lost("DRIP", "now", { kind: "drip" }),
  lost("TRUNCATED", "now", { kind: "truncated" }),
  lost("EMPTY_200", "now", { kind: "page", status: 200, contentType: "text/xml", body: "" }),
  lost("REDIRECT_301", "never", redirect),
  lost("HUGE", "now", { kind: "huge" }),
  lost("HEADERS_ONLY", "now", { kind: "headers_only" }),
  odd("WRONG_CTYPE", { kind: "answer", contentType: "text/html" }),
  odd("GZIP", { kind: "answer", encoding: "gzip" }),
  odd("KEEPALIVE_STALE", { kind: "stale" }),
  // A proxy that sends a request again when it has waited too long.
  { ...mild("DUPLICATED"), answered: "first" },
  { ...mild("DUPLICATED_LAST"), answered: "second", isReadable: false },
  ...pageFaults
]

const byName = new Map(named.map((fault) => [fault.name, fault]))

const parameter = (name: string, prefix: string): number | undefined => {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : ""
  return /^\d{1,9}$/.test(digits) ? Number(digits) : undefined
}

/** How long the listener stays closed when the selector does not say. */
const refusalMs = 1000

/** Faults of the connection. `SLOW_` and `CONN_REFUSED_` count milliseconds, `LATE_COMMIT_` simulated seconds. */
export const findWireFault = (name: string): Fault | undefined => {
  const slow = parameter(name, "SLOW_")
  if (slow !== undefined) return odd(name, { kind: "answer", delayMs: slow })
  const late = parameter(name, "LATE_COMMIT_")
  if (late !== undefined) return lost(name, late * 1000, { kind: "silence" })
  const refused = name === "CONN_REFUSED" ? refusalMs : parameter(name, "CONN_REFUSED_")
  if (refused !== undefined) return lost(name, "never", { kind: "refuse", forMs: refused })
  return byName.get(name)
}
