-- How often a merchant may ask, of all processes together. Null: as often as the configuration says.
ALTER TABLE merchants
  ADD COLUMN reads_per_second integer CHECK (reads_per_second > 0),
  ADD COLUMN writes_per_second integer CHECK (writes_per_second > 0);

-- How many requests that move money may be under way at a time.
ALTER TABLE merchants ADD COLUMN writes_at_once integer CHECK (writes_at_once > 0);

-- How many of them each process may have under way, until its lease runs out.
CREATE UNLOGGED TABLE concurrency_leases (
  merchant_id uuid NOT NULL REFERENCES merchants,
  environment environment NOT NULL,
  process uuid NOT NULL,
  places integer NOT NULL CHECK (places >= 0),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, environment, process)
);

-- What is left of each limit. Processes take blocks of it, and hold them in memory for a moment. Lost in a crash of
-- Postgres, it begins full again, and so nothing of it is logged.
CREATE UNLOGGED TABLE rate_limits (
  merchant_id uuid NOT NULL REFERENCES merchants,
  environment environment NOT NULL,
  kind text NOT NULL CHECK (kind IN ('reads', 'writes')),
  tokens double precision NOT NULL,
  -- By the last lease.
  granted integer NOT NULL,
  refilled_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, environment, kind)
);
