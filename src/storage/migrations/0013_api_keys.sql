-- Keys of the checkout's administration: another way to say who calls than a token (contract/auth sections 4 and 6).

ALTER TABLE account_changes DROP CONSTRAINT account_changes_entity_check,
  ADD CONSTRAINT account_changes_entity_check CHECK (entity IN (
    'account', 'client', 'grant', 'payout_destination', 'store', 'terminal', 'device', 'profile', 'signature', 'user',
    'api_key'));

CREATE TABLE api_keys (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  -- The client that the key stands for, by what it calls itself: the one of the token that the key was made with.
  client_id text COLLATE "C" NOT NULL,
  -- What that token might do when the key was made. What is taken from the client since, the key has lost as well.
  scope text[] NOT NULL CHECK (cardinality(scope) > 0),
  -- What the caller sent besides: kept and given back.
  members jsonb NOT NULL DEFAULT '{}',
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz,
  updated_by text,
  deleted_at timestamptz,
  deleted_by text,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, client_id) REFERENCES api_clients
);
CREATE INDEX api_keys_newest_first ON api_keys (account_id, created_at, id);
CREATE INDEX good_api_keys_newest_first ON api_keys (account_id, created_at, id) WHERE deleted_at IS NULL;

-- What is shown for a key. A new one is added when the key is rotated, and the older ones end a while later.
CREATE TABLE api_key_secrets (
  -- SHA-256 of 256 random bits. Unique in all accounts: a request says nothing of the account beside its key.
  key_sha256 bytea PRIMARY KEY CHECK (length(key_sha256) = 32),
  account_id text COLLATE "C" NOT NULL,
  api_key_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  -- From then on it is good for nothing.
  retires_at timestamptz,
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id)
);
CREATE INDEX api_key_secrets_by_key ON api_key_secrets (account_id, api_key_id);
