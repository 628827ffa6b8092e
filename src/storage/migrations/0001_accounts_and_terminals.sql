-- Who may sell where: accounts, their API clients, sellers, stores, terminals and payment profiles.
--
-- Every key begins with the account, so that the data can be spread by account later. Identifiers sort by bytes
-- (COLLATE "C"): the same order on every machine, and the cheapest comparison.

CREATE TABLE accounts (
  account_id text COLLATE "C" PRIMARY KEY CHECK (account_id ~ '^[PT]\d{8}$'),
  name text NOT NULL,
  in_person_enabled boolean NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE api_clients (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  client_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  -- SHA-256 of a secret of 256 random bits: nothing to guess, so nothing to slow down.
  secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (account_id, client_id)
);

-- The keys that tokens are signed with. The newest signs; the others verify until the last token they signed has expired.
CREATE TABLE signing_keys (
  kid text COLLATE "C" PRIMARY KEY,
  algorithm text NOT NULL CHECK (algorithm = 'ES256'),
  private_jwk jsonb NOT NULL,
  public_jwk jsonb NOT NULL CHECK (NOT public_jwk ? 'd'),
  created_at timestamptz NOT NULL,
  retires_at timestamptz
);

CREATE TABLE payout_destinations (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  payout_destination_id text COLLATE "C" NOT NULL CHECK (payout_destination_id ~ '^[A-Za-z0-9_-]{1,40}$'),
  name text,
  case_status text NOT NULL CHECK (case_status IN (
    'ACTIVE', 'DECLINED', 'UNDER_MANUAL_REVIEW', 'AUTOMATIC_REVIEW', 'WAITING_FOR_SIGNATURE',
    'WAITING_FOR_DECLARATION', 'ERROR', 'ARCHIVED', 'WAITING_FOR_DETAILS', 'TERMINATED')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, payout_destination_id)
);

CREATE TABLE stores (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  -- The merchant's own id, which orders name; `id` is the generated one.
  store_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  store_name text,
  payout_destination_id text COLLATE "C",
  status text NOT NULL CHECK (status IN ('ACTIVE', 'DELETED')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, store_id),
  UNIQUE (account_id, id),
  FOREIGN KEY (account_id, payout_destination_id) REFERENCES payout_destinations
);

CREATE TABLE terminals (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  terminal_id text COLLATE "C" NOT NULL,
  device_serial_number text NOT NULL,
  device_model text,
  store_id text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING', 'ACTION_REQUIRED', 'ACTIVE', 'INACTIVE', 'DELETED')),
  status_reason text,
  driver text NOT NULL CHECK (driver IN ('socket')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, terminal_id),
  FOREIGN KEY (account_id, store_id) REFERENCES stores
);

-- The box that is paired to a terminal now: known by its key, and by the journal it made when it was paired or wiped.
CREATE TABLE devices (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  device_id text COLLATE "C" NOT NULL,
  public_jwk jsonb NOT NULL CHECK (NOT public_jwk ? 'd'),
  journal_id text COLLATE "C",
  paired_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (account_id, terminal_id, device_id),
  FOREIGN KEY (account_id, terminal_id) REFERENCES terminals
);
CREATE UNIQUE INDEX one_device_per_terminal ON devices (account_id, terminal_id) WHERE revoked_at IS NULL;

-- A server process that runs now: it says so every second. What it held is free when it has been silent for a while.
CREATE TABLE server_processes (
  process_id text COLLATE "C" PRIMARY KEY,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL
);

-- The one thing a terminal does at a time, and the one connection it has. A row for each terminal, beside it and not in
-- it, because this one changes with every sale.
CREATE TABLE terminal_seats (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  occupant_kind text CHECK (occupant_kind IN ('prompt', 'reversal', 'operation')),
  occupant_id text COLLATE "C",
  occupied_at timestamptz,
  -- Counts the connections. Every send and every answer is guarded by it (prompt-life section 4).
  connection_epoch bigint NOT NULL DEFAULT 0,
  connected_to text COLLATE "C",
  connected_at timestamptz,
  last_seen_at timestamptz,
  journal_id text COLLATE "C",
  capabilities jsonb,
  PRIMARY KEY (account_id, terminal_id),
  FOREIGN KEY (account_id, terminal_id) REFERENCES terminals,
  CONSTRAINT occupied_by_one_thing CHECK (num_nulls(occupant_kind, occupant_id, occupied_at) IN (0, 3)),
  CONSTRAINT connected_in_an_epoch CHECK (connected_to IS NULL OR connection_epoch > 0)
) WITH (fillfactor = 70);

CREATE TABLE payment_profiles (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  profile_id text COLLATE "C" NOT NULL CHECK (profile_id = btrim(profile_id) AND profile_id <> ''),
  description text NOT NULL,
  configuration jsonb NOT NULL,
  merchant jsonb,
  -- Grows with every change. A sale that was planned from an older revision is planned again.
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (account_id, profile_id)
);

-- Simulated terminals: the device's key, how it is set, and what its two durable logs hold.
CREATE TABLE simulated_terminals (
  account_id text COLLATE "C" NOT NULL CHECK (account_id LIKE 'T%'),
  terminal_id text COLLATE "C" NOT NULL,
  private_jwk jsonb NOT NULL,
  mode text NOT NULL CHECK (mode IN ('auto', 'manual')),
  network text NOT NULL CHECK (network IN ('online', 'offline')),
  hosted_by text COLLATE "C",
  PRIMARY KEY (account_id, terminal_id),
  FOREIGN KEY (account_id, terminal_id) REFERENCES terminals
);

CREATE TABLE simulated_terminal_entries (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  log text NOT NULL CHECK (log IN ('journal', 'host')),
  position bigint NOT NULL,
  entry jsonb NOT NULL,
  PRIMARY KEY (account_id, terminal_id, log, position),
  FOREIGN KEY (account_id, terminal_id) REFERENCES simulated_terminals
);
