import type { CallType } from "../../src/transactions/Boundary.ts"

/** A request of a merchant to the API, with a body that may need what stood before it. */
export interface Ask {
  readonly path: (payment: string) => string
  readonly body: (transactions: ReadonlyArray<{ readonly id: string; readonly type: string }>) => object
}

/** One way in which a call to EPX comes about. */
export interface Operation {
  readonly name: string
  /** What calls of this kind are, to those who watch them. */
  readonly type: CallType
  /** What EPX knows the call by. */
  readonly tranTypes: ReadonlyArray<string>
  /** What the merchant asks for before, undisturbed, and after the batch of that has closed. */
  readonly before: ReadonlyArray<Ask>
  readonly afterClose?: ReadonlyArray<Ask>
  /** What EPX does to the requests that lead to the call. */
  readonly causes: ReadonlyArray<string>
  /** What makes the call happen; nothing: a refund that waits falls due. */
  readonly ask: Ask | null
  /** Milliseconds until the client gives the call up. */
  readonly limit_ms: number
  /** The state that the row of `ask`, or of what waited, ends in if nothing goes wrong. */
  readonly end: string
  /** The call itself may not be made again by anybody: what is not known of it, people have to find out. */
  readonly isRefund: boolean
}

const amount = 1999

const sell: Ask = {
  path: () => "/v1/payments",
  body: () => ({ amount, currency: "USD", source: { bric: "09LTESTVISA00000001" } })
}
const authorize: Ask = { ...sell, body: () => ({ ...sell.body([]), capture: false }) }
const followUp = (route: string, body: Ask["body"] = () => ({})): Ask => ({
  path: (payment) => `/v1/payments/${payment}/${route}`,
  body
})
const capture = followUp("capture", () => ({ amount: 1500 }))
const refund = followUp("refunds", () => ({ amount: 500 }))
const undo = followUp("void")
const undoRefund = followUp("void", (transactions) => ({
  transaction_id: transactions.find(({ type }) => type === "refund")?.id
}))

const charge = { before: [], causes: [], limit_ms: 30_000, end: "approved", isRefund: false } as const
const later = { ...charge, limit_ms: 45_000 } as const

/** Every kind of call, and every way to it that leaves other rows behind. */
const byType: { readonly [type in CallType]: ReadonlyArray<Omit<Operation, "type">> } = {
  sale: [{ ...charge, name: "sale", tranTypes: ["CCE1"], ask: sell }],
  authorization: [{ ...charge, name: "authorization", tranTypes: ["CCE2"], ask: authorize }],
  capture: [{ ...later, name: "capture", tranTypes: ["CCE4"], before: [authorize], ask: capture }],
  void: [
    { ...later, name: "void of sale", tranTypes: ["CCE7"], before: [sell], ask: undo },
    { ...later, name: "void of authorization", tranTypes: ["CCE7"], before: [authorize], ask: undo },
    { ...later, name: "void of capture", tranTypes: ["CCEX"], before: [authorize, capture], ask: undo },
    {
      ...later,
      name: "void of refund",
      tranTypes: ["CCEX"],
      before: [sell],
      afterClose: [refund],
      ask: undoRefund
    }
  ],
  refund: [
    { ...later, name: "refund", tranTypes: ["CCE9"], before: [sell], afterClose: [], ask: refund, isRefund: true },
    {
      ...later,
      name: "refund of capture",
      tranTypes: ["CCE9"],
      before: [authorize, capture],
      afterClose: [],
      ask: refund,
      isRefund: true
    }
  ],
  scheduled_refund: [
    {
      ...later,
      name: "scheduled refund",
      tranTypes: ["CCE9"],
      before: [sell, refund],
      afterClose: [],
      ask: null,
      isRefund: true
    }
  ],
  undo: [
    { ...later, name: "undo of partial approval", tranTypes: ["CCE7"], causes: ["PARTIAL"], ask: sell, end: "voided" },
    {
      ...later,
      name: "undo after void of capture",
      tranTypes: ["CCE7"],
      before: [authorize, capture],
      causes: ["SLOW_0"],
      ask: undo
    }
  ],
  timeout_reversal: [
    {
      ...charge,
      name: "reversal of sale",
      tranTypes: ["CCE7"],
      causes: ["RESET_AFTER"],
      ask: sell,
      limit_ms: 10_000,
      end: "reversed"
    },
    {
      ...charge,
      name: "reversal of nothing",
      tranTypes: ["CCE7"],
      causes: ["RESET_BEFORE"],
      ask: authorize,
      limit_ms: 10_000,
      end: "failed"
    }
  ],
  probe: [
    {
      ...later,
      name: "probe of capture",
      tranTypes: ["CCE4"],
      before: [authorize],
      causes: ["RESET_AFTER"],
      ask: capture
    },
    { ...later, name: "probe of void", tranTypes: ["CCEX"], before: [sell], causes: ["RESET_BEFORE"], ask: undo },
    {
      ...later,
      name: "probe of void that was done",
      tranTypes: ["CCEX"],
      before: [sell],
      causes: ["RESET_AFTER"],
      ask: undo
    }
  ]
}

const isCallType = (type: string): type is CallType => Object.hasOwn(byType, type)

export const operations: ReadonlyArray<Operation> = Object.entries(byType).flatMap(([type, ways]) =>
  isCallType(type) ? ways.map((way): Operation => ({ ...way, type })) : []
)
