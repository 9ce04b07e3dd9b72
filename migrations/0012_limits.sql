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

-- As many places as all others leave, from now on for fifteen seconds; null where there is no such merchant. Locked in a
-- statement of its own, so that the next one sees what those before it have taken.
CREATE FUNCTION lease_places(of_merchant uuid, of_environment text, of_process uuid, wanted integer, usual integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE granted integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(of_merchant || ' ' || of_environment, 4711));
  INSERT INTO concurrency_leases AS own (merchant_id, environment, process, places, expires_at)
  SELECT m.id, of_environment, of_process,
    greatest(0, least(wanted, coalesce(m.writes_at_once, usual) - others.places)), now() + interval '15 seconds'
  FROM merchants m CROSS JOIN (
    SELECT coalesce(sum(l.places), 0)::integer AS places FROM concurrency_leases l
    WHERE l.merchant_id = of_merchant AND l.environment = of_environment AND l.process <> of_process
      AND l.expires_at > now()
  ) AS others
  WHERE m.id = of_merchant
  ON CONFLICT (merchant_id, environment, process) DO UPDATE SET places = excluded.places,
    expires_at = excluded.expires_at
  RETURNING own.places INTO granted;
  RETURN granted;
END $$;

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
