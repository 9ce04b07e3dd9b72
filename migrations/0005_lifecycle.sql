-- The whole life of a card payment: captures, voids, refunds, their probes, settlement and the books.

ALTER TABLE merchants
  ADD COLUMN reject_on_avs boolean NOT NULL DEFAULT false,
  ADD COLUMN reject_on_cvv boolean NOT NULL DEFAULT false;

ALTER TABLE terminals
  ADD COLUMN multiple_captures boolean NOT NULL DEFAULT false,
  ADD COLUMN partial_approvals boolean NOT NULL DEFAULT false,
  -- EPI-Key of Custom Pay, sealed by AES-256-GCM under the key named; by it lost outcomes are looked up.
  ADD COLUMN lookup_key_sealed bytea,
  ADD COLUMN lookup_key_id text CHECK (lookup_key_id ~ '^[a-z0-9-]{1,32}$'),
  ADD CHECK ((lookup_key_sealed IS NULL) = (lookup_key_id IS NULL));

ALTER TABLE transactions DROP CONSTRAINT transactions_type_check, DROP CONSTRAINT transactions_check;
ALTER TABLE transactions RENAME COLUMN reversals TO attempts;
ALTER TABLE transactions
  ADD CONSTRAINT transactions_type_check
    CHECK (type IN ('sale', 'authorization', 'capture', 'refund', 'void', 'reversal', 'tombstone')),
  -- What a capture, refund or void acts on.
  ADD COLUMN target_id uuid REFERENCES transactions,
  -- A call that finds out what became of another, with a pair of its own.
  ADD COLUMN probe_of uuid REFERENCES transactions,
  -- The probe by which it was carried out after all: EPX knows it by the probe's pair.
  ADD COLUMN done_by uuid REFERENCES transactions,
  -- Cut-off of its batch: voids end a little before, settlement comes a little later.
  ADD COLUMN cutoff_at timestamptz,
  ADD COLUMN reason text,
  -- Of a sale or capture, in minor units. Changed under the payment's lock only.
  ADD COLUMN refunded integer NOT NULL DEFAULT 0 CHECK (refunded >= 0),
  ADD COLUMN pending_refund integer NOT NULL DEFAULT 0 CHECK (pending_refund >= 0),
  -- How an outcome that was unknown became known.
  ADD COLUMN resolved_by text CHECK (resolved_by IN ('reversal', 'probe', 'lookup', 'operator')),
  -- Times it was looked for in EPX's listing.
  ADD COLUMN lookups integer NOT NULL DEFAULT 0 CHECK (lookups >= 0),
  ADD COLUMN trace_id text CHECK (trace_id ~ '^[0-9a-f]{32}$'),
  ALTER COLUMN payment_id DROP NOT NULL,
  ALTER COLUMN terminal_id DROP NOT NULL,
  ALTER COLUMN amount DROP NOT NULL,
  ALTER COLUMN merch_nbr DROP NOT NULL,
  ALTER COLUMN batch_id DROP NOT NULL,
  ALTER COLUMN tran_nbr DROP NOT NULL,
  ALTER COLUMN send_by DROP NOT NULL,
  ALTER COLUMN lease_until DROP NOT NULL,
  ADD CONSTRAINT transactions_refunded CHECK (refunded + pending_refund <= amount),
  -- A key that was cancelled before it was used: it stands for no payment, so that none can come.
  ADD CONSTRAINT transactions_tombstone CHECK (
    (type = 'tombstone') = (payment_id IS NULL) AND (payment_id IS NULL) = (terminal_id IS NULL)
    AND (payment_id IS NULL) = (amount IS NULL)
  ),
  ADD CONSTRAINT transactions_pair_whole CHECK (
    (batch_id IS NULL) = (tran_nbr IS NULL) AND (batch_id IS NULL) = (merch_nbr IS NULL)
    AND (batch_id IS NULL) = (send_by IS NULL) AND (batch_id IS NULL) = (lease_until IS NULL)
  ),
  ADD CONSTRAINT transactions_sendable CHECK (status <> 'submitting' OR batch_id IS NOT NULL),
  ADD CONSTRAINT transactions_target CHECK ((type IN ('capture', 'refund', 'void')) = (target_id IS NOT NULL)),
  -- A timeout reversal repeats the pair of its target; a void that undoes a late approval has its own.
  ADD CONSTRAINT transactions_reversal CHECK (
    CASE type WHEN 'reversal' THEN reversal_of IS NOT NULL WHEN 'void' THEN true ELSE reversal_of IS NULL END
  );

DROP INDEX transactions_pair;
CREATE UNIQUE INDEX transactions_pair ON transactions (merch_nbr, batch_id, tran_nbr) WHERE type <> 'reversal';
CREATE INDEX transactions_probe_of ON transactions (probe_of) WHERE probe_of IS NOT NULL;
CREATE INDEX transactions_scheduled ON transactions (next_attempt_at) WHERE status = 'scheduled';
CREATE INDEX transactions_late ON transactions (id)
  WHERE status = 'failed' AND late_response_code IN ('00', '10');
DROP INDEX transactions_unresolved;
CREATE INDEX transactions_unresolved ON transactions (next_attempt_at)
  WHERE status = 'unknown' AND coalesce(probe_of, reversal_of) IS NULL;
-- Keys that are free again, unless they were cancelled while their call was on its way.
CREATE INDEX transactions_failed_key ON transactions (merchant_id, environment, idempotency_key)
  WHERE status = 'failed' AND idempotency_key IS NOT NULL;
CREATE INDEX transactions_unsettled ON transactions (cutoff_at)
  WHERE status = 'approved' AND type IN ('sale', 'capture', 'refund');

UPDATE transactions SET cutoff_at = (to_date(batch_id, 'YYYYMMDD') + settlement_cutoff) AT TIME ZONE settlement_zone
FROM terminals WHERE terminals.id = terminal_id AND type = 'sale';

ALTER TABLE payments
  ADD COLUMN type text,
  -- The state of its first transaction, which charges or holds the money.
  ADD COLUMN first_status text,
  -- Calls on their way, and calls of unknown outcome. Probes and timeout reversals are not counted.
  ADD COLUMN calls integer NOT NULL DEFAULT 1 CHECK (calls >= 0),
  ADD COLUMN doubts integer NOT NULL DEFAULT 0 CHECK (doubts >= 0),
  ADD COLUMN multiple_captures boolean NOT NULL DEFAULT false,
  -- When an authorization lapses.
  ADD COLUMN expires_at timestamptz,
  -- Why the whole payment is to be undone; it is worked off call by call, and nothing else may begin meanwhile.
  ADD COLUMN undo text CHECK (undo IN ('requested', 'canceled', 'partial_approval', 'avs', 'cvv', 'late_approval')),
  DROP COLUMN voided,
  DROP COLUMN status;

UPDATE payments SET type = t.type, first_status = t.status, calls = (t.status = 'submitting')::int,
  doubts = (t.status = 'unknown')::int,
  expires_at = CASE WHEN t.type = 'authorization' AND t.status = 'approved' THEN t.created_at + interval '7 days' END
FROM transactions t WHERE t.payment_id = payments.id AND t.type IN ('sale', 'authorization');

ALTER TABLE payments
  ALTER COLUMN type SET NOT NULL,
  ALTER COLUMN first_status SET NOT NULL,
  ADD CHECK (type IN ('sale', 'authorization')),
  -- What may still be captured. One capture uses an authorization up, unless its terminal allows more.
  ADD COLUMN capturable integer NOT NULL GENERATED ALWAYS AS (
    CASE WHEN type = 'authorization' AND first_status = 'approved' AND NOT pending_void AND undo IS NULL
        AND (multiple_captures OR captured + pending_capture = 0)
      THEN authorized - captured - pending_capture ELSE 0 END
  ) STORED,
  ADD COLUMN refundable integer NOT NULL GENERATED ALWAYS AS (
    CASE WHEN pending_void OR undo IS NOT NULL THEN 0 ELSE captured - refunded - pending_refund END
  ) STORED,
  -- What an authorization keeps from its cardholder. What a capture leaves is released in the books with it.
  ADD COLUMN held integer NOT NULL GENERATED ALWAYS AS (
    CASE WHEN type = 'authorization' AND first_status = 'approved' AND (multiple_captures OR captured = 0)
      THEN authorized - captured ELSE 0 END
  ) STORED,
  -- Derived, so that no statement can let it disagree with the totals. `domain/Payment.ts` has the same fold.
  ADD COLUMN status text NOT NULL GENERATED ALWAYS AS (
    CASE
      WHEN doubts > 0 THEN 'unknown'
      WHEN calls > 0 OR undo IS NOT NULL AND first_status = 'approved' THEN 'processing'
      WHEN first_status IN ('declined', 'rejected') THEN 'declined'
      WHEN first_status IN ('voided', 'reversed') AND decline IS NOT NULL THEN 'declined'
      WHEN first_status = 'expired' AND captured = 0 THEN 'expired'
      WHEN first_status IN ('failed', 'reversed', 'voided') THEN first_status
      WHEN refunded = 0 AND captured > 0 THEN 'captured'
      WHEN refunded > 0 AND refunded < captured THEN 'partially_refunded'
      WHEN refunded > 0 THEN 'refunded'
      ELSE 'authorized'
    END
  ) STORED;

CREATE INDEX payments_list_by_status ON payments (merchant_id, environment, status, id);
CREATE INDEX payments_expiring ON payments (expires_at)
  WHERE first_status = 'approved' AND capturable > 0;
CREATE INDEX payments_undo ON payments (updated_at) WHERE undo IS NOT NULL AND first_status = 'approved';

-- Double entry: the entries of one transaction sum to zero. Amounts are signed minor units.
CREATE TABLE ledger_entries (
  payment_id uuid NOT NULL REFERENCES payments,
  id bigint GENERATED ALWAYS AS IDENTITY,
  transaction_id uuid NOT NULL REFERENCES transactions,
  account text NOT NULL CHECK (account IN ('cardholder', 'held', 'receivable', 'settled')),
  currency text NOT NULL,
  amount integer NOT NULL CHECK (amount <> 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (payment_id, id)
);

INSERT INTO ledger_entries (payment_id, transaction_id, account, currency, amount)
SELECT p.id, t.id, entry.account, p.currency, entry.amount
FROM payments p JOIN transactions t ON t.payment_id = p.id AND t.type = p.type AND t.status = 'approved',
  LATERAL (VALUES ('cardholder', -p.authorized), (CASE p.type WHEN 'sale' THEN 'receivable' ELSE 'held' END, p.authorized))
    AS entry (account, amount)
WHERE p.authorized > 0;

-- One row for each instrument, amount and order that was charged lately; the key is their keyed fingerprint.
CREATE TABLE duplicate_guards (
  merchant_id uuid NOT NULL REFERENCES merchants,
  fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
  payment_id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, fingerprint)
);
CREATE INDEX duplicate_guards_expired ON duplicate_guards (expires_at);

CREATE TABLE audit_events (
  id uuid PRIMARY KEY,
  -- The operator key that did it; null for the command line.
  api_key_id uuid REFERENCES api_keys,
  action text NOT NULL,
  merchant_id uuid REFERENCES merchants,
  payment_id uuid REFERENCES payments,
  transaction_id uuid REFERENCES transactions,
  detail jsonb NOT NULL,
  request_id text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_events_list ON audit_events (id);

CREATE INDEX events_payment_id ON events (payment_id);
CREATE INDEX events_list_by_type ON events (merchant_id, environment, type, id);
