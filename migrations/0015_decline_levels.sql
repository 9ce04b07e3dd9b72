-- How many charges of one customer, one buyer's address and one API key may be declined within ten minutes. Null: as many
-- as the configuration says.
ALTER TABLE merchants
  ADD COLUMN declines_per_customer integer CHECK (declines_per_customer > 0),
  ADD COLUMN declines_per_address integer CHECK (declines_per_address > 0),
  ADD COLUMN declines_per_key integer CHECK (declines_per_key > 0);

-- What was declined lately, of whom: a level that falls to nothing by itself, by its whole limit in ten minutes. Lost in
-- a crash of Postgres it begins empty again, and so nothing of it is logged.
CREATE UNLOGGED TABLE decline_levels (
  merchant_id uuid NOT NULL REFERENCES merchants,
  environment environment NOT NULL,
  kind text NOT NULL CHECK (kind IN ('customer', 'address', 'key')),
  -- A keyed hash: neither a customer nor an address stands here.
  subject bytea NOT NULL CHECK (length(subject) = 32),
  level double precision NOT NULL CHECK (level >= 0),
  -- The limit by which the level was reached.
  most double precision NOT NULL CHECK (most > 0),
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (merchant_id, environment, kind, subject)
);

-- Of these nothing more may be charged, for a while.
CREATE INDEX decline_levels_full ON decline_levels (updated_at) WHERE level > most - 1;
-- After twenty minutes nothing is left of any level.
CREATE INDEX decline_levels_updated_at ON decline_levels (updated_at);

-- Whom a changed limit lets in again is let in by every process.
CREATE FUNCTION tell_of_declines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('declines', '');
  RETURN NULL;
END $$;

CREATE TRIGGER merchants_declines AFTER UPDATE ON merchants FOR EACH ROW
  WHEN ((OLD.declines_per_customer, OLD.declines_per_address, OLD.declines_per_key)
    IS DISTINCT FROM (NEW.declines_per_customer, NEW.declines_per_address, NEW.declines_per_key))
  EXECUTE FUNCTION tell_of_declines();
