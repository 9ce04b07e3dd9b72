import { Schema } from "effect"

const Handle = Schema.Struct({ type: Schema.String, batchId: Schema.String, tranNbr: Schema.String })

/** What the gateway did for one request, in cents. */
export const GatewayTransaction = Schema.Struct({
  /** The four-part key, joined by `-`. */
  key: Schema.String,
  ...Handle.fields,
  /** USER_DATA_2: the id of our transaction. A timeout reversal has none. */
  attempt: Schema.NullOr(Schema.String),
  amount: Schema.Int,
  /** Taken back since by reversals and voids. */
  released: Schema.Int,
  /** What it acts on. */
  target: Schema.NullOr(Handle)
})
export type GatewayTransaction = typeof GatewayTransaction.Type

/** One request that reached the gateway, whatever came of it. */
export const GatewayRequest = Schema.Struct({
  key: Schema.String,
  fields: Schema.Record(Schema.String, Schema.String)
})
export type GatewayRequest = typeof GatewayRequest.Type

/** The gateway's side of the comparison. */
export interface GatewayBooks {
  readonly transactions: ReadonlyArray<GatewayTransaction>
  /** Null: it keeps no log, so what was sent cannot be compared. */
  readonly requests: ReadonlyArray<GatewayRequest> | null
}

/** The control plane's answers. */
export const ShownTransactions = Schema.Struct({ transactions: Schema.Array(GatewayTransaction) })
export const ShownRequests = Schema.Struct({ requests: Schema.Array(GatewayRequest) })

/** Cents of it that stand. */
export const standing = ({ amount, released }: GatewayTransaction): number => amount - released

/** The MERCH_NBR within a four-part key. */
export const merchNbrOf = (key: string): string => key.split("-")[1] ?? ""

/** The pair in the form of `pairOf`. */
export const gatewayPairOf = ({ batchId, key, tranNbr }: GatewayTransaction): string =>
  `${merchNbrOf(key)}/${batchId}/${tranNbr}`

export const requestPairOf = ({ fields, key }: GatewayRequest): string =>
  `${merchNbrOf(key)}/${fields["BATCH_ID"]}/${fields["TRAN_NBR"]}`
