-- What makes an outcome honest when something broke: reversals of approvals that came too late, incidents that a person
-- settles, answers kept for a repeated request, and the two ways a terminal's word can fail to be evidence.

-- Taking back an approval that came after we had said otherwise. Written before the late result is acknowledged.
CREATE TABLE reversals (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  prompt_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  -- The journal that holds the approval: only that one can take it back.
  journal_id text COLLATE "C" NOT NULL,
  amount integer NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  status text NOT NULL CHECK (status IN ('ISSUED', 'SENT', 'REVERSED', 'REFUSED', 'UNRESOLVED')),
  reason text,
  issued_at timestamptz NOT NULL,
  sent_at timestamptz,
  sent_epoch bigint,
  finished_at timestamptz,
  PRIMARY KEY (account_id, id),
  CONSTRAINT one_reversal_per_prompt UNIQUE (account_id, prompt_id),
  CONSTRAINT reversal_sent_whole CHECK (num_nulls(sent_at, sent_epoch) IN (0, 2)),
  CONSTRAINT reversal_finished_when_ended CHECK ((finished_at IS NOT NULL) = (status IN ('REVERSED', 'REFUSED')))
);
CREATE INDEX open_reversals_by_terminal ON reversals (account_id, terminal_id)
  WHERE status IN ('ISSUED', 'SENT', 'UNRESOLVED');

-- What only a person can settle.
CREATE TABLE incidents (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN (
    'UNRESOLVED_PAYMENT', 'JOURNAL_LOST', 'ORPHAN_RESULT', 'FOREIGN_RESULT', 'SEQUENCE_BACKWARDS', 'CONTRADICTION',
    'WRONG_AMOUNT', 'CARD_NUMBER', 'UNREADABLE_RESULT', 'REVERSAL_REFUSED', 'REVERSAL_UNRESOLVED')),
  -- What it is about: the prompt, the reversal, or the result's key. One incident for each.
  subject text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C",
  session_id text COLLATE "C",
  transaction_id text COLLATE "C",
  prompt_id text COLLATE "C",
  details jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by text,
  outcome text CHECK (outcome IN ('paid', 'not_paid', 'settled')),
  reason text,
  PRIMARY KEY (account_id, id),
  CONSTRAINT one_incident_per_subject UNIQUE (account_id, kind, subject),
  CONSTRAINT decided_whole CHECK (num_nulls(decided_at, decided_by, outcome, reason) IN (0, 4))
);
CREATE INDEX incidents_by_transaction ON incidents (account_id, transaction_id);

-- Answers kept for a repeated request with the same Idempotency-Key. Written with what the answer is about.
CREATE TABLE idempotency_keys (
  account_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  operation text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  request_sha256 text COLLATE "C" NOT NULL,
  answer jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT one_answer_per_key PRIMARY KEY (account_id, client_id, operation, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- A step of the database's clock, seen by any process; the first to write it shifts the open deadlines.
CREATE TABLE clock_steps (
  seen_at timestamptz NOT NULL,
  step_ms bigint NOT NULL
);

-- contradiction: another word than the first, for the same prompt or under the same key. backwards: a key below one we
-- already have from that journal. unreadable: not of the protocol but for its key.
ALTER TABLE terminal_results DROP CONSTRAINT terminal_results_verdict_check;
ALTER TABLE terminal_results ADD CONSTRAINT terminal_results_verdict_check
  CHECK (verdict IN ('applied', 'late', 'orphan', 'foreign', 'contradiction', 'backwards', 'unreadable'));

-- R12: other payment methods beside in-person ones, where the account's operator allows it.
ALTER TABLE accounts ADD COLUMN allow_mixed_methods boolean NOT NULL DEFAULT false;

-- What a profile allows follows from its account too: plans made from the older setting are made again.
CREATE FUNCTION renew_profiles_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payment_profiles SET revision = revision + 1 WHERE account_id = NEW.account_id;
  RETURN NULL;
END $$;
CREATE TRIGGER profiles_follow_accounts AFTER UPDATE OF allow_mixed_methods ON accounts
  FOR EACH ROW WHEN (OLD.allow_mixed_methods <> NEW.allow_mixed_methods) EXECUTE FUNCTION renew_profiles_of_changed();

-- Sweeps: what is unresolved, and sales of a terminal that are open.
CREATE INDEX unresolved_prompts_by_age ON prompts (unresolved_at) WHERE status = 'UNRESOLVED';
CREATE INDEX sessions_by_reference ON sessions (account_id, merchant_reference, id);
