CREATE TABLE payments (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL REFERENCES merchants,
  environment text NOT NULL CHECK (environment IN ('test', 'live')),
  status text NOT NULL CHECK (status IN (
    'processing', 'unknown', 'authorized', 'captured', 'declined', 'failed', 'reversed', 'voided', 'expired',
    'partially_refunded', 'refunded', 'returned'
  )),
  currency text NOT NULL CHECK (currency IN ('USD')),
  amount integer NOT NULL CHECK (amount BETWEEN 1 AND 999999999),
  -- Totals in minor units. What is pending or unknown counts as used.
  authorized integer NOT NULL DEFAULT 0 CHECK (authorized >= 0),
  captured integer NOT NULL DEFAULT 0 CHECK (captured >= 0),
  refunded integer NOT NULL DEFAULT 0 CHECK (refunded >= 0),
  returned integer NOT NULL DEFAULT 0 CHECK (returned >= 0),
  pending_capture integer NOT NULL DEFAULT 0 CHECK (pending_capture >= 0),
  pending_refund integer NOT NULL DEFAULT 0 CHECK (pending_refund >= 0),
  pending_void boolean NOT NULL DEFAULT false,
  voided boolean NOT NULL DEFAULT false,
  card_brand text,
  card_last4 text CHECK (card_last4 ~ '^[0-9]{4}$'),
  decline jsonb,
  customer_id text,
  order_ref text,
  metadata jsonb NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (captured + pending_capture <= authorized),
  CHECK (refunded + pending_refund <= captured)
);

CREATE INDEX payments_list ON payments (merchant_id, environment, id);
CREATE INDEX payments_list_by_status ON payments (merchant_id, environment, status, id);
