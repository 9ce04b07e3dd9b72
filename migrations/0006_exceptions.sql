-- When a person ended an exception about a call that keeps its outcome.
ALTER TABLE transactions ADD COLUMN closed_at timestamptz;

-- When a refund that had to wait was claimed; other calls are claimed when they are created.
ALTER TABLE transactions ADD COLUMN claimed_at timestamptz;

-- What is on the books without the token by which it could be given back.
CREATE INDEX transactions_no_token ON transactions (id)
  WHERE status IN ('approved', 'settled') AND type IN ('sale', 'authorization', 'capture') AND bric_sealed IS NULL
    AND probe_of IS NULL AND closed_at IS NULL;

-- A key that was cancelled while its call was on its way stays taken, whatever comes of that.
ALTER TABLE transactions ADD COLUMN key_canceled boolean NOT NULL DEFAULT false;
UPDATE transactions SET key_canceled = true FROM payments
WHERE payments.id = transactions.payment_id AND payments.undo = 'canceled'
  AND transactions.type IN ('sale', 'authorization')
  -- A second cancellation may have taken the key for good already.
  AND NOT EXISTS (
    SELECT 1 FROM transactions o WHERE o.merchant_id = transactions.merchant_id
      AND o.environment = transactions.environment AND o.idempotency_key = transactions.idempotency_key
      AND o.id <> transactions.id AND (o.status <> 'failed' OR o.id > transactions.id)
  );
DROP INDEX transactions_idempotency_key, transactions_failed_key;
CREATE UNIQUE INDEX transactions_idempotency_key ON transactions (merchant_id, environment, idempotency_key)
  WHERE status <> 'failed' OR key_canceled;

-- What an answer says that came after its call had been taken over; null: it says nothing.
ALTER TABLE transactions ADD COLUMN late_status text;
UPDATE transactions SET late_status = 'approved' WHERE late_response_code IN ('00', '10');
DROP INDEX transactions_late;
CREATE INDEX transactions_late ON transactions (id)
  WHERE status IN ('failed', 'declined') AND late_status IN ('approved', 'unknown');
