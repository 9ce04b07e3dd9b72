/** The call `t` is of unknown outcome, and nothing automatic is left to try. */
export const needsPerson = `t.status = 'unknown' AND t.next_attempt_at IS NULL
  AND coalesce(t.probe_of, t.reversal_of) IS NULL`

/** EPX has refused to undo something of the payment `p` that still stands. */
export const isUndoRefused = `EXISTS (
  SELECT 1 FROM transactions v JOIN transactions g ON g.id = v.target_id
  WHERE v.payment_id = p.id AND v.type = 'void' AND v.idempotency_key IS NULL AND v.probe_of IS NULL
    AND v.status IN ('declined', 'rejected') AND g.status IN ('approved', 'settled')
)`

/** The payment `p` is to be undone, but that cannot go on by itself. */
export const isUndoStalled = `p.undo IS NOT NULL AND p.first_status = 'approved' AND p.calls = 0 AND p.doubts = 0
  AND (p.updated_at < now() - interval '10 minutes' OR ${isUndoRefused})`

/** What of the payment `p` is to be undone next. */
export const undoTarget = `SELECT o.id FROM transactions o
  WHERE o.payment_id = p.id AND o.probe_of IS NULL AND o.status IN ('approved', 'settled')
    AND (o.type IN ('sale', 'capture') OR o.type = 'authorization' AND p.captured = 0)
  ORDER BY (o.type = 'capture') DESC, o.id LIMIT 1`
