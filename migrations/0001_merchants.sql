CREATE TABLE merchants (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE terminals (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL REFERENCES merchants,
  environment text NOT NULL CHECK (environment IN ('test', 'live')),
  cust_nbr text NOT NULL,
  merch_nbr text NOT NULL,
  dba_nbr text NOT NULL,
  terminal_nbr text NOT NULL,
  settlement_zone text NOT NULL,
  settlement_cutoff time NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (environment, cust_nbr, merch_nbr, dba_nbr, terminal_nbr),
  -- One terminal takes the payments of a merchant in each environment.
  UNIQUE (merchant_id, environment)
);

CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  -- Null for an operator key, which sees the operator API only.
  merchant_id uuid REFERENCES merchants,
  environment text NOT NULL CHECK (environment IN ('test', 'live')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  -- SHA-256 of the key, which is 32 random bytes: no salt is needed against guessing.
  hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
  hint text NOT NULL,
  scopes text[] NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX api_keys_merchant_id ON api_keys (merchant_id, id);
