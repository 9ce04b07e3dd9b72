/** The call `t` is of unknown outcome, and nothing automatic is left to try. */
export const needsPerson = `t.status = 'unknown' AND t.next_attempt_at IS NULL
  AND coalesce(t.probe_of, t.reversal_of) IS NULL`

/** EPX has refused to undo something of the payment `p` that still stands. */
export const isUndoRefused = `EXISTS (
  SELECT 1 FROM transactions v JOIN transactions g ON g.id = v.target_id
  WHERE v.payment_id = p.id AND v.type = 'void' AND v.idempotency_key IS NULL AND v.probe_of IS NULL
    AND v.status IN ('declined', 'rejected') AND g.status IN ('approved', 'settled')
)`

/** The payment `p` is to be undone, but that cannot go on by itself, or has not been possible for long. */
export const isUndoStalled = `p.undo IS NOT NULL AND p.first_status = 'approved' AND p.calls = 0 AND p.doubts = 0
  AND (p.updated_at < now() - interval '10 minutes' OR ${isUndoRefused} OR EXISTS (
    SELECT 1 FROM transactions v WHERE v.payment_id = p.id AND v.type = 'void' AND v.idempotency_key IS NULL
      AND v.probe_of IS NULL AND v.status = 'failed' AND v.created_at < now() - interval '30 minutes'
  ))`

/** What of the payment `p` is to be undone next. */
export const undoTarget = `SELECT o.id FROM transactions o
  WHERE o.payment_id = p.id AND o.probe_of IS NULL AND o.status IN ('approved', 'settled')
    AND (o.type IN ('sale', 'capture') OR o.type = 'authorization' AND p.captured = 0)
  ORDER BY (o.type = 'capture') DESC, o.id LIMIT 1`

/** EPX approved the call `t`, or may have, after it had been called failed or declined; nobody has undone it yet. */
export const isLateApproval = `t.status IN ('failed', 'declined') AND t.late_status IN ('approved', 'unknown')
  AND t.type IN ('sale', 'authorization', 'capture', 'refund') AND t.probe_of IS NULL AND t.closed_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM transactions o WHERE o.probe_of = t.id AND o.status = 'approved')`

/** The late approval `t` is a charge that can be voided. EPX has not refused ten times; unsent voids do not count. */
export const isLateVoidable = `t.late_status = 'approved' AND t.status = 'failed'
  AND t.type IN ('sale', 'authorization') AND t.bric_sealed IS NOT NULL
  AND (SELECT count(*) FROM transactions o WHERE o.probe_of = t.id AND o.status <> 'failed') < 10`

/** The late approval `t` cannot be voided, or that has not been possible for long. */
export const isLateStanding = `${isLateApproval}
  AND NOT (${isLateVoidable} AND t.created_at > now() - interval '30 minutes')`

const hasNoToken = `t.status IN ('approved', 'settled') AND t.type IN ('sale', 'authorization', 'capture')
  AND t.bric_sealed IS NULL AND t.probe_of IS NULL AND t.closed_at IS NULL
  AND t.resolved_by IS DISTINCT FROM 'operator'`

/** The call `t` of the payment `p` was carried out, but its token was lost. A person who said so knows that. */
export const lacksToken = `${hasNoToken} AND NOT (p.undo IS NOT NULL AND p.first_status = 'approved')`

/** The same without a payment `p`: where many are counted, all payments would be read for it. */
export const isTokenless = `${hasNoToken} AND NOT EXISTS (
  SELECT 1 FROM payments u WHERE u.id = t.payment_id AND u.undo IS NOT NULL AND u.first_status = 'approved'
)`

/** Why the call `t` of the payment `p` is an exception, if it is one. */
export const exceptionKind = `CASE
  WHEN ${needsPerson} THEN 'unknown_outcome'
  WHEN ${isUndoStalled} AND t.id = (${undoTarget}) THEN 'stalled_undo'
  WHEN ${isLateStanding} THEN 'late_approval'
  WHEN ${lacksToken} THEN 'missing_token'
END`
