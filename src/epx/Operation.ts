import type { AchRequest, CardRequest, EpxRequest, Operation, PairRequest } from "./Request.ts"

/** EPX data dictionary, transaction types. `E` is e-commerce, `C` a checking and `S` a savings account. */
export const tranTypes = {
  card: {
    verification: "CCE0",
    sale: "CCE1",
    authorization: "CCE2",
    capture: "CCE4",
    reversal: "CCE7",
    storage: "CCE8",
    refund: "CCE9",
    void: "CCEX"
  },
  checking: {
    verification: "CKC0",
    sale: "CKC2",
    refund: "CKC3",
    payout: "CKC3",
    storage: "CKC8",
    void: "CKCX"
  },
  savings: {
    verification: "CKS0",
    sale: "CKS2",
    refund: "CKS3",
    payout: "CKS3",
    storage: "CKS8",
    void: "CKSX"
  },
  pair: {
    timeout_reversal: "CCE7",
    batch_close: "CCEZ"
  }
} as const satisfies {
  readonly card: Readonly<Record<CardRequest["operation"], string>>
  readonly checking: Readonly<Record<AchRequest["operation"], string>>
  readonly savings: Readonly<Record<AchRequest["operation"], string>>
  readonly pair: Readonly<Record<PairRequest["operation"], string>>
}

export const isPairRequest = (request: EpxRequest): request is PairRequest => !("method" in request)

export const isAchRequest = (request: EpxRequest): request is AchRequest =>
  "method" in request && request.method.kind === "ach"

const isCardRequest = (request: EpxRequest): request is CardRequest =>
  "method" in request && request.method.kind === "card"

/** The TRAN_TYPE that a call is made with. */
export const tranTypeOf = (request: EpxRequest): string => {
  if (isCardRequest(request)) return tranTypes.card[request.operation]
  if (isAchRequest(request)) return tranTypes[request.method.account][request.operation]
  return tranTypes.pair[request.operation]
}

/** How long EPX may take, in milliseconds from the first byte of the request to the last of the answer. */
export const callLimits: Readonly<Record<Operation, number>> = {
  sale: 30_000,
  authorization: 30_000,
  capture: 45_000,
  void: 45_000,
  refund: 45_000,
  reversal: 45_000,
  payout: 45_000,
  storage: 45_000,
  verification: 45_000,
  batch_close: 45_000,
  // Three of these must fit into the two minutes in which EPX accepts a timeout reversal.
  timeout_reversal: 10_000
}
