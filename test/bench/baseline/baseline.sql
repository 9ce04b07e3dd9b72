CREATE SEQUENCE tran_nbr AS bigint MINVALUE 1 MAXVALUE 9999999999 CYCLE;

CREATE TABLE payments (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  status text NOT NULL,
  currency text NOT NULL,
  amount integer NOT NULL CHECK (amount BETWEEN 1 AND 999999999),
  authorized integer NOT NULL DEFAULT 0,
  captured integer NOT NULL DEFAULT 0 CHECK (captured <= authorized),
  card_brand text,
  card_last4 text,
  customer_id text,
  order_ref text,
  metadata jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payments_list ON payments (merchant_id, id);
CREATE INDEX payments_list_by_status ON payments (merchant_id, status, id);

CREATE TABLE transactions (
  id uuid PRIMARY KEY,
  payment_id uuid NOT NULL REFERENCES payments,
  merchant_id uuid NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  amount integer NOT NULL CHECK (amount BETWEEN 1 AND 999999999),
  merch_nbr text NOT NULL,
  batch_id text NOT NULL,
  tran_nbr bigint NOT NULL,
  idempotency_key text NOT NULL,
  fingerprint bytea NOT NULL,
  response_code text,
  authorization_code text,
  bric_sealed bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  UNIQUE (merchant_id, idempotency_key),
  UNIQUE (merch_nbr, batch_id, tran_nbr)
);

CREATE INDEX transactions_payment_id ON transactions (payment_id);
CREATE INDEX transactions_undecided ON transactions (created_at) WHERE status IN ('submitting', 'unknown');

CREATE TABLE events (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  type text NOT NULL,
  payment_id uuid NOT NULL REFERENCES payments,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX events_list ON events (merchant_id, id);
