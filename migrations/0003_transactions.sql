-- TRAN_NBR. The random start keeps a database that is made anew for the same MERCH_NBR away from pairs already used.
CREATE SEQUENCE tran_nbr AS bigint MINVALUE 1 MAXVALUE 9999999999 CYCLE;
SELECT setval('tran_nbr', 1 + floor(random() * 9999999998)::bigint);

-- One row is one intended call to EPX, committed before a byte of it is sent.
CREATE TABLE transactions (
  id uuid PRIMARY KEY,
  payment_id uuid NOT NULL REFERENCES payments,
  merchant_id uuid NOT NULL REFERENCES merchants,
  environment text NOT NULL CHECK (environment IN ('test', 'live')),
  terminal_id uuid NOT NULL REFERENCES terminals,
  type text NOT NULL CHECK (type IN ('sale', 'authorization', 'reversal')),
  status text NOT NULL CHECK (status IN (
    'scheduled', 'submitting', 'approved', 'declined', 'rejected', 'failed', 'unknown', 'reversed', 'voided', 'expired', 'settled'
  )),
  amount integer NOT NULL CHECK (amount BETWEEN 1 AND 999999999),
  -- EPX's handle of the call: unique under one MERCH_NBR, except that a reversal repeats the pair of its target.
  merch_nbr text NOT NULL,
  batch_id text NOT NULL CHECK (batch_id ~ '^[0-9]{8}$'),
  tran_nbr bigint NOT NULL CHECK (tran_nbr BETWEEN 1 AND 9999999999),
  reversal_of uuid REFERENCES transactions,
  CHECK ((type = 'reversal') = (reversal_of IS NOT NULL)),
  idempotency_key text,
  -- HMAC-SHA-256 of the method, path and canonical body the key came with.
  fingerprint bytea CHECK (length(fingerprint) = 32),
  -- Keyed fingerprint of the instrument charged.
  source_fingerprint bytea CHECK (length(source_fingerprint) = 32),
  -- No byte may leave after send_by; after lease_until the row belongs to the resolver.
  send_by timestamptz NOT NULL,
  lease_until timestamptz NOT NULL,
  -- Timeout reversals claimed for this call. A late answer is believed only while there is none.
  reversals integer NOT NULL DEFAULT 0 CHECK (reversals >= 0),
  -- What EPX answered after its call had been given to the resolver, kept for comparison.
  late_response_code text,
  -- When the resolver looks at an unknown outcome next; null once nothing automatic is left to try.
  next_attempt_at timestamptz,
  response_code text,
  network_response text,
  authorization_code text,
  network_transaction_id text,
  avs text,
  cvv text,
  amount_approved integer,
  -- The BRIC of this transaction, sealed by AES-256-GCM under the key named; never in clear.
  bric_sealed bytea,
  bric_key_id text CHECK (bric_key_id ~ '^[a-z0-9-]{1,32}$'),
  bric_fingerprint bytea CHECK (length(bric_fingerprint) = 32),
  CHECK ((bric_sealed IS NULL) = (bric_key_id IS NULL) AND (bric_sealed IS NULL) = (bric_fingerprint IS NULL)),
  -- Why the outcome is not known, in words for operators.
  doubt text,
  created_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz
);

CREATE UNIQUE INDEX transactions_idempotency_key ON transactions (merchant_id, environment, idempotency_key)
  WHERE status <> 'failed';
CREATE UNIQUE INDEX transactions_pair ON transactions (merch_nbr, batch_id, tran_nbr) WHERE reversal_of IS NULL;
CREATE INDEX transactions_payment_id ON transactions (payment_id);
CREATE INDEX transactions_reversal_of ON transactions (reversal_of) WHERE reversal_of IS NOT NULL;
CREATE INDEX transactions_leased ON transactions (lease_until) WHERE status = 'submitting';
CREATE INDEX transactions_unresolved ON transactions (next_attempt_at) WHERE status = 'unknown';
