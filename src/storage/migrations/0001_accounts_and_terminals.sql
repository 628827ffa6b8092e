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
  -- Where the terminal stands, who is paid there, and whether all of them are in order: repeated here by triggers, so
  -- that a sale is decided by one row.
  store_id text COLLATE "C",
  payout_destination_id text COLLATE "C",
  takes_payments boolean NOT NULL DEFAULT false,
  PRIMARY KEY (account_id, terminal_id),
  FOREIGN KEY (account_id, terminal_id) REFERENCES terminals,
  CONSTRAINT occupied_by_one_thing CHECK (num_nulls(occupant_kind, occupant_id, occupied_at) IN (0, 3)),
  CONSTRAINT connected_in_an_epoch CHECK (connected_to IS NULL OR connection_epoch > 0)
) WITH (fillfactor = 70);

-- Brings an account's seats up to date. The account's row is locked first, so that two changes at the same time follow
-- one another, and the second sees what the first did.
CREATE FUNCTION refresh_seats(changed_account_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = changed_account_id FOR NO KEY UPDATE;
  UPDATE terminal_seats AS seat
  SET store_id = standing.store_id, payout_destination_id = standing.payout_destination_id,
    takes_payments = standing.takes_payments
  FROM (
    SELECT terminal.terminal_id, terminal.store_id, store.payout_destination_id,
      account.in_person_enabled AND terminal.status = 'ACTIVE' AND store.status = 'ACTIVE'
        AND coalesce(seller.case_status = 'ACTIVE', false) AS takes_payments
    FROM terminals AS terminal
    JOIN accounts AS account ON account.account_id = terminal.account_id
    JOIN stores AS store ON store.account_id = terminal.account_id AND store.store_id = terminal.store_id
    LEFT JOIN payout_destinations AS seller ON seller.account_id = store.account_id
      AND seller.payout_destination_id = store.payout_destination_id
    WHERE terminal.account_id = changed_account_id
  ) AS standing
  WHERE seat.account_id = changed_account_id AND seat.terminal_id = standing.terminal_id
    AND (seat.store_id, seat.payout_destination_id, seat.takes_payments) IS DISTINCT FROM
      (standing.store_id, standing.payout_destination_id, standing.takes_payments);
END $$;

CREATE FUNCTION refresh_seats_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_seats(changed.account_id) FROM (SELECT DISTINCT account_id FROM new_rows) AS changed;
  RETURN NULL;
END $$;

CREATE TRIGGER seats_follow_accounts AFTER UPDATE ON accounts
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_changed();
CREATE TRIGGER seats_follow_sellers AFTER UPDATE ON payout_destinations
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_changed();
CREATE TRIGGER seats_follow_stores AFTER UPDATE ON stores
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_changed();
CREATE TRIGGER seats_follow_terminals AFTER UPDATE ON terminals
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_changed();
CREATE TRIGGER seats_are_made_whole AFTER INSERT ON terminal_seats
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_changed();

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
