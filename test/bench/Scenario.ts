/** How contenders are loaded, and what must come of it. */
export interface Scenario {
  readonly name: string
  readonly gatewayMillis: number
  /** Whether the gateway speaks TLS. It closes each connection after its answer in any case. */
  readonly isTls?: boolean
  readonly requests: "sale" | "get"
  readonly arrivals: Arrivals
  /** Of sales: that all are captured, that all are turned away, or that each is one or the other. */
  readonly expected?: "captured" | "refused" | "either"
}

export type Arrivals =
  | { readonly kind: "closed"; readonly inFlight: number; readonly total?: number }
  | { readonly kind: "open"; readonly perSecond: number; readonly maxInFlight: number }

/** EPX closes each connection after its answer too, so that keep-alive would flatter. */
const plain = "plain HTTP with close"
const tls = "TLS with close, as EPX itself"

export const closedSales = (gatewayMillis: number, inFlight: number, isTls = false): Scenario => ({
  name: `sale, ${gatewayMillis} ms gateway, ${inFlight} in flight, ${isTls ? tls : plain}`,
  gatewayMillis,
  isTls,
  requests: "sale",
  arrivals: { kind: "closed", inFlight }
})

export const openSales = (gatewayMillis: number, perSecond: number, isTls = false): Scenario => ({
  name: `sale, ${gatewayMillis} ms gateway, ${perSecond}/s, ${isTls ? tls : plain}`,
  gatewayMillis,
  isTls,
  requests: "sale",
  arrivals: atRate(perSecond)
})

export const reads = (inFlight: number): Scenario => ({
  name: `GET payment, ${inFlight} in flight`,
  gatewayMillis: 0,
  requests: "get",
  arrivals: { kind: "closed", inFlight }
})

/** A second of arrivals may be under way: a contender that falls behind by more than that has lost. */
export const atRate = (perSecond: number): Arrivals => ({
  kind: "open",
  perSecond,
  maxInFlight: Math.max(64, Math.min(perSecond, 2_000))
})
