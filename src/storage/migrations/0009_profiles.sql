-- Payment profiles as the API shows them, what an account may be paid with, and the secret its callbacks are signed with.

ALTER TABLE payment_profiles
  ADD COLUMN url jsonb,
  ADD COLUMN checkboxes jsonb,
  -- Members that we do not know: kept and given back.
  ADD COLUMN members jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN created_by text NOT NULL DEFAULT 'tapline',
  ADD COLUMN updated_by text NOT NULL DEFAULT 'tapline',
  ADD COLUMN deleted_by text,
  ADD CONSTRAINT default_profile_stays CHECK (profile_id <> 'default' OR deleted_at IS NULL);
-- The list, newest first: the id is the merchant's own and says nothing of its age.
CREATE INDEX payment_profiles_by_age ON payment_profiles (account_id, created_at, profile_id) WHERE deleted_at IS NULL;

-- Every account has the profile `default`, however the account came to be. It enables nothing until somebody says what.
CREATE FUNCTION give_default_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
  VALUES (NEW.account_id, 'default', 'Default', '{}', NEW.created_at, NEW.created_at)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER accounts_have_a_default_profile AFTER INSERT ON accounts
  FOR EACH ROW EXECUTE FUNCTION give_default_profile();
INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
SELECT account_id, 'default', 'Default', '{}', created_at, created_at FROM accounts
ON CONFLICT DO NOTHING;

-- The currencies of in-person payments; null where every currency is taken that the terminal takes. Like
-- allow_mixed_methods it is read with a profile, so plans made from the older list are made again.
ALTER TABLE accounts ADD COLUMN in_person_currencies text[] CHECK (cardinality(in_person_currencies) > 0);
CREATE TRIGGER profiles_follow_currencies AFTER UPDATE OF in_person_currencies ON accounts
  FOR EACH ROW WHEN (OLD.in_person_currencies IS DISTINCT FROM NEW.in_person_currencies)
  EXECUTE FUNCTION renew_profiles_of_changed();

-- The account's configuration as it was sent. Of its payment options only in-person payments are acted on: whether they
-- are enabled, and in which currencies, stands in accounts.
CREATE TABLE account_configurations (
  account_id text COLLATE "C" PRIMARY KEY REFERENCES accounts,
  configuration jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

-- The newest secret of an account. It signs what is sent, as the receiver checks it with the same secret: so it is kept
-- as it is, unlike the secrets that come to us, of which a hash is enough. An older one is of no use, and is not kept.
CREATE TABLE signature_secrets (
  account_id text COLLATE "C" PRIMARY KEY REFERENCES accounts,
  id text COLLATE "C" NOT NULL,
  secret text NOT NULL CHECK (length(secret) >= 43),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL
);

-- Lists of a large account, newest first: what has not been decided yet, what happened at one terminal, and the second
-- reference, which few sales have.
CREATE INDEX open_incidents ON incidents (account_id, id) WHERE decided_at IS NULL;
CREATE INDEX incidents_by_terminal ON incidents (account_id, terminal_id, id);
CREATE INDEX transactions_by_second_reference ON transactions (account_id, merchant_reference_2, id)
  WHERE merchant_reference_2 IS NOT NULL;
