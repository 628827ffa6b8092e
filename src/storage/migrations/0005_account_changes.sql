-- Who changed what of an account's set-up, and when: one row for each change, written with it, never changed or deleted.
CREATE TABLE account_changes (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  id text COLLATE "C" NOT NULL,
  changed_at timestamptz NOT NULL,
  -- The client, the person, or "tapline" for what the server does by itself.
  changed_by text NOT NULL,
  entity text NOT NULL CHECK (entity IN (
    'account', 'client', 'grant', 'payout_destination', 'store', 'terminal', 'device', 'profile', 'signature')),
  entity_id text COLLATE "C" NOT NULL,
  action text NOT NULL CHECK (action IN ('created', 'updated', 'deleted', 'rotated', 'paired', 'revoked')),
  -- The members that changed, with what they became. Never a secret.
  change jsonb NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX account_changes_by_entity ON account_changes (account_id, entity, entity_id, id);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was recorded stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON account_changes
  FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
