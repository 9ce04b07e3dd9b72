-- When a person ended an exception about a call that keeps its outcome.
ALTER TABLE transactions ADD COLUMN closed_at timestamptz;

-- What is on the books without the token by which it could be given back.
CREATE INDEX transactions_no_token ON transactions (id)
  WHERE status IN ('approved', 'settled') AND type IN ('sale', 'authorization', 'capture') AND bric_sealed IS NULL
    AND probe_of IS NULL AND closed_at IS NULL;
