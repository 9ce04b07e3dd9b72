-- The outbox: what changed, written in the commit that changed it.
CREATE TABLE events (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL REFERENCES merchants,
  environment text NOT NULL CHECK (environment IN ('test', 'live')),
  type text NOT NULL,
  payment_id uuid NOT NULL REFERENCES payments,
  transaction_id uuid NOT NULL REFERENCES transactions,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX events_list ON events (merchant_id, environment, id);
