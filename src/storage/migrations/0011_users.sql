-- People who sign in to an account: their roles, how they are invited, and how long they stay signed in.

CREATE TABLE users (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  id text COLLATE "C" NOT NULL,
  email text NOT NULL,
  -- The address without capitals, made by the server: what a database takes for a capital depends on its locale.
  email_key text COLLATE "C" NOT NULL,
  name text,
  role text NOT NULL CHECK (role IN ('owner', 'manager', 'cashier', 'read_only')),
  -- Cost, salt and hash. Without it the user is invited and cannot sign in.
  password_scrypt text,
  -- As it is, because each code is computed with it.
  otp_secret bytea CHECK (length(otp_secret) = 20),
  -- The time step of the last code that was taken: none works twice.
  otp_last_step bigint,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz,
  updated_by text,
  deleted_at timestamptz,
  deleted_by text,
  PRIMARY KEY (account_id, id),
  CONSTRAINT password_and_code_together CHECK ((password_scrypt IS NULL) = (otp_secret IS NULL)),
  -- What is known of somebody who has left is who they were.
  CONSTRAINT removed_users_have_no_password CHECK (deleted_at IS NULL OR password_scrypt IS NULL)
);
CREATE UNIQUE INDEX one_user_per_email ON users (account_id, email_key) WHERE deleted_at IS NULL;
CREATE INDEX users_newest_first ON users (account_id, created_at, id);

-- The newest invitation of a user, until it is accepted.
CREATE TABLE user_invitations (
  account_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  -- SHA-256 of a token of 256 random bits: nothing to guess, so nothing to slow down.
  token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  expires_at timestamptz NOT NULL,
  -- What was chosen, and becomes the user's with the first right code.
  password_scrypt text,
  otp_secret bytea CHECK (length(otp_secret) = 20),
  PRIMARY KEY (account_id, user_id),
  FOREIGN KEY (account_id, user_id) REFERENCES users,
  CONSTRAINT password_and_code_together CHECK ((password_scrypt IS NULL) = (otp_secret IS NULL)),
  CONSTRAINT invitation_expires_after_it_was_made CHECK (expires_at > created_at)
);

-- Who has shown the right password and is to show a code.
CREATE TABLE mfa_tokens (
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  account_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (account_id, user_id) REFERENCES users
);
CREATE INDEX mfa_tokens_by_user ON mfa_tokens (account_id, user_id);

-- One for each time that password and code were right. Its tokens are good as long as it has not ended.
CREATE TABLE sign_ins (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  -- Where from, as a hash: only ever asked whether it is the same place.
  address_sha256 bytea NOT NULL CHECK (length(address_sha256) = 32),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, user_id) REFERENCES users
);
CREATE INDEX sign_ins_by_user ON sign_ins (account_id, user_id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

-- The refresh tokens of a sign-in. Those that were used are kept with it, so that one that comes again is known.
CREATE TABLE refresh_tokens (
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  account_id text COLLATE "C" NOT NULL,
  sign_in_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  used_at timestamptz,
  FOREIGN KEY (account_id, sign_in_id) REFERENCES sign_ins ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_by_sign_in ON refresh_tokens (account_id, sign_in_id);

-- Wrong passwords and codes, counted for all processes together, by a hash of what is guessed at and from where. Not
-- logged: after a crash they are counted anew, and no disk waits.
CREATE UNLOGGED TABLE wrong_tries (
  subject_sha256 bytea PRIMARY KEY,
  count integer NOT NULL,
  last_at timestamptz NOT NULL,
  waits_until timestamptz NOT NULL
);

ALTER TABLE account_changes DROP CONSTRAINT account_changes_entity_check;
ALTER TABLE account_changes ADD CONSTRAINT account_changes_entity_check CHECK (entity IN (
  'account', 'client', 'grant', 'payout_destination', 'store', 'terminal', 'device', 'profile', 'signature', 'user'));
ALTER TABLE account_changes DROP CONSTRAINT account_changes_action_check;
ALTER TABLE account_changes ADD CONSTRAINT account_changes_action_check CHECK (action IN (
  'created', 'updated', 'deleted', 'rotated', 'paired', 'revoked', 'invited', 'accepted'));
