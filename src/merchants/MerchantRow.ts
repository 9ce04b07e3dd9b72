import { Effect, Schema } from "effect"
import type { SqlError } from "effect/sql"
import { MerchantIds, TerminalIds } from "../domain/Ids.ts"
import { Merchant, MerchantHasTerminal, Terminal, TerminalTaken } from "../domain/Merchant.ts"

/** The terminal `t`. */
export const terminalColumns = `t.id, 'terminal' AS object, t.environment,
  t.cust_nbr, t.merch_nbr, t.dba_nbr, t.terminal_nbr, t.settlement_zone,
  to_char(t.settlement_cutoff, 'HH24:MI') AS settlement_cutoff, t.multiple_captures, t.partial_approvals,
  t.lookup_key_sealed IS NOT NULL AS has_lookup_key`

/** The merchant `m` with all its terminals, so that one statement reads both. */
export const merchantColumns = `m.id, 'merchant' AS object, m.name, m.reject_on_avs, m.reject_on_cvv,
  m.reads_per_second, m.writes_per_second, m.writes_at_once, m.declines_per_customer, m.declines_per_address,
  m.declines_per_key, m.status, m.version, m.created_at, ARRAY(
  SELECT to_jsonb(x) FROM (SELECT ${terminalColumns} FROM terminals t WHERE t.merchant_id = m.id ORDER BY t.id) x
) AS terminals`

/** Inserts for the merchant `m` the terminals of a JSON array, whose place is between the two parts. */
export const insertTerminals = {
  before: `
    INSERT INTO terminals AS t (
      merchant_id, id, environment, cust_nbr, merch_nbr, dba_nbr, terminal_nbr, settlement_zone, settlement_cutoff,
      multiple_captures, partial_approvals, lookup_key_id, lookup_key_sealed
    )
    SELECT m.id, r.id, r.environment, r.cust_nbr, r.merch_nbr, r.dba_nbr, r.terminal_nbr, r.settlement_zone,
      r.settlement_cutoff, coalesce(r.multiple_captures, false), coalesce(r.partial_approvals, false), r.lookup_key_id,
      decode(r.lookup_key_sealed, 'hex')
    FROM m, jsonb_to_recordset(`,
  after: `) AS r(
      id uuid, environment text, cust_nbr text, merch_nbr text, dba_nbr text, terminal_nbr text,
      settlement_zone text, settlement_cutoff time, multiple_captures boolean, partial_approvals boolean,
      lookup_key_id text, lookup_key_sealed text
    )`
}

export const TerminalRow = Schema.Struct({ ...Terminal.fields, id: TerminalIds.Column })

export const MerchantRow = Schema.Struct({
  ...Merchant.fields,
  id: MerchantIds.Column,
  created_at: Schema.DateTimeUtcFromDate,
  terminals: Schema.Array(TerminalRow)
})

/** A unique key that a terminal would break is the caller's to mend; anything else is a defect. */
export const conflictOf = (error: SqlError.SqlError): Effect.Effect<never, TerminalTaken | MerchantHasTerminal> => {
  const constraint = error.reason._tag === "UniqueViolation" ? error.reason.constraint : ""
  if (constraint === "terminals_merchant_id_environment_key") return Effect.fail(new MerchantHasTerminal())
  if (constraint.startsWith("terminals_environment_cust_nbr")) return Effect.fail(new TerminalTaken())
  return Effect.die(error)
}
