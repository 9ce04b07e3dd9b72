-- What operators have stopped for the time being, for one merchant or for all. Every claim reads it. Rows are few: one
-- that is lifted is deleted, and `audit_events` tells of both.
CREATE TABLE kill_switches (
  id uuid PRIMARY KEY,
  operation text NOT NULL CHECK (operation IN ('sale', 'authorization', 'capture', 'refund', 'void')),
  -- Null: of all merchants.
  merchant_id uuid REFERENCES merchants,
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX kill_switches_operation ON kill_switches (operation, merchant_id) NULLS NOT DISTINCT;
