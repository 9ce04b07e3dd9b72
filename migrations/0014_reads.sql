-- What is read page by page stands in an index in the order in which it is read.

-- An index by id alone has all rows in this order too, and Postgres prefers it where few merchants have many payments
-- each: then a merchant that has few waits until those of all others have been read. The order in which nulls would come,
-- if there were any, is one that only these have.
DROP INDEX payments_list, payments_list_by_status;
CREATE INDEX payments_list ON payments (merchant_id, environment, id NULLS FIRST);
CREATE INDEX payments_list_by_status ON payments (merchant_id, environment, status, id NULLS FIRST);
CREATE INDEX audit_events_action ON audit_events (action, id NULLS FIRST);
CREATE INDEX audit_events_api_key_id ON audit_events (api_key_id, id NULLS FIRST) WHERE api_key_id IS NOT NULL;
CREATE INDEX audit_events_merchant_id ON audit_events (merchant_id, id NULLS FIRST) WHERE merchant_id IS NOT NULL;
CREATE INDEX audit_events_payment_id ON audit_events (payment_id, id NULLS FIRST) WHERE payment_id IS NOT NULL;
-- Of the same order as the key.
DROP INDEX audit_events_list;

-- What waits for a person has no next attempt, and is listed by its id.
DROP INDEX transactions_unresolved;
CREATE INDEX transactions_unresolved ON transactions (next_attempt_at, id)
  WHERE status = 'unknown' AND coalesce(probe_of, reversal_of) IS NULL;

-- Without what a person has ended: that only becomes more, and would be read again by every sweep.
DROP INDEX transactions_late;
CREATE INDEX transactions_late ON transactions (id)
  WHERE status IN ('failed', 'declined') AND late_status IN ('approved', 'unknown') AND closed_at IS NULL;
DROP INDEX transactions_no_token;
CREATE INDEX transactions_no_token ON transactions (id)
  WHERE status IN ('approved', 'settled') AND type IN ('sale', 'authorization', 'capture') AND bric_sealed IS NULL
    AND probe_of IS NULL AND closed_at IS NULL AND resolved_by IS DISTINCT FROM 'operator';

-- Without it Postgres takes one of two hundred calls for one that is no attempt to find out about another.
CREATE STATISTICS transactions_attempts ON (coalesce(probe_of, reversal_of)) FROM transactions;
