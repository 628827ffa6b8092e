-- API clients have an id that is never used twice, any number of secrets, and grants in place of a column of scopes.

ALTER TABLE api_clients
  ADD COLUMN id text COLLATE "C",
  ADD COLUMN description text,
  -- What the caller sent besides: kept and given back.
  ADD COLUMN members jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN created_by text NOT NULL DEFAULT 'tapline',
  ADD COLUMN updated_at timestamptz,
  ADD COLUMN updated_by text,
  ADD COLUMN deleted_by text;
UPDATE api_clients SET id = gen_random_uuid()::text;
ALTER TABLE api_clients
  ALTER COLUMN id SET NOT NULL,
  ALTER COLUMN created_by DROP DEFAULT,
  ADD CONSTRAINT api_client_ids UNIQUE (account_id, id);
CREATE INDEX api_clients_newest_first ON api_clients (account_id, created_at, id);

-- What a client shows for a token. A new secret is added, and the older ones end a while later.
CREATE TABLE client_secrets (
  account_id text COLLATE "C" NOT NULL,
  -- The client's id, not the name that it calls itself by.
  client_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  -- SHA-256 of a secret of 256 random bits: nothing to guess, so nothing to slow down.
  secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  -- From then on it is good for nothing, and neither are the tokens that it was shown for.
  retires_at timestamptz,
  PRIMARY KEY (account_id, client_id, id),
  FOREIGN KEY (account_id, client_id) REFERENCES api_clients (account_id, id)
);

-- What a client may do: its tokens carry the scopes of its grants.
CREATE TABLE client_grants (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  -- The client's id, not the name that it calls itself by.
  client_id text COLLATE "C" NOT NULL,
  -- A name, not an address: what counts is the account at its end.
  audience text NOT NULL,
  scope text[] NOT NULL CHECK (cardinality(scope) > 0),
  type text NOT NULL CHECK (type IN (
    'any', 'client_credentials', 'authorization_code', 'password', 'account_user_token', 'refresh_token', 'mfa-oob')),
  members jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz,
  updated_by text,
  deleted_at timestamptz,
  deleted_by text,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, client_id) REFERENCES api_clients (account_id, id)
);
CREATE INDEX client_grants_newest_first ON client_grants (account_id, created_at, id);
CREATE INDEX client_grants_by_client ON client_grants (account_id, client_id);

-- Nobody is locked out: every client keeps its secret and what it might do until now.
INSERT INTO client_secrets (account_id, client_id, id, secret_sha256, created_at, created_by)
  SELECT account_id, id, gen_random_uuid()::text, secret_sha256, created_at, 'tapline' FROM api_clients;
INSERT INTO client_grants (account_id, id, client_id, audience, scope, type, created_at, created_by, deleted_at, deleted_by)
  SELECT account_id, gen_random_uuid()::text, id, 'https://api.dintero.com/v1/accounts/' || account_id, scopes,
    'client_credentials', created_at, 'tapline', deleted_at, CASE WHEN deleted_at IS NOT NULL THEN 'tapline' END
  FROM api_clients WHERE cardinality(scopes) > 0;
ALTER TABLE api_clients DROP COLUMN secret_sha256, DROP COLUMN scopes;

-- Wrong secrets of the last minute, counted for all processes together. A client is known here by a hash, because the name
-- in a wrong request may be anything, a secret too. Not logged: after a crash they are counted anew, and no disk waits.
CREATE UNLOGGED TABLE wrong_secrets (
  client_sha256 bytea PRIMARY KEY,
  since timestamptz NOT NULL,
  count integer NOT NULL
);
