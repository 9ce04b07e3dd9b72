import { Schema } from "effect"

/** `test` terminals talk to the EPX sandbox or the simulator, `live` ones to production. */
export const Environment = Schema.Literals(["test", "live"])
export type Environment = typeof Environment.Type

/** One part of a four-part key. */
export const KeyPart = Schema.String.check(Schema.isPattern(/^[0-9A-Z]{1,16}$/))

/** EPX's four-part key. It is the only credential of Server Post, so it is not shown to merchants. */
export const FourPartKey = Schema.Struct({
  cust_nbr: KeyPart,
  merch_nbr: KeyPart,
  dba_nbr: KeyPart,
  terminal_nbr: KeyPart
})
export type FourPartKey = typeof FourPartKey.Type

/**
 * The handle by which EPX finds a call again: BATCH_ID (business date, `YYYYMMDD`) and TRAN_NBR (1 … 9,999,999,999).
 * Unique under one MERCH_NBR; a timeout reversal repeats the pair of the call it reverses.
 */
export const Pair = Schema.Struct({
  batch_id: Schema.String.check(Schema.isPattern(/^[0-9]{8}$/)),
  tran_nbr: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9_999_999_999 }))
})
export type Pair = typeof Pair.Type
