-- Money that goes back with the card present, and money that is taken later: refunds, and what a terminal's host is told
-- of an authorization it gave.

-- What a refund was asked for, beside the prompt that asks the cardholder. It is written with its INITIATE_REFUND, and
-- its one outcome event carries this request_id as correlation_request_id.
CREATE TABLE refunds (
  account_id text COLLATE "C" NOT NULL,
  prompt_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  request_id text NOT NULL,
  amount integer NOT NULL CHECK (amount > 0),
  items jsonb,
  event_reference text,
  reason text,
  metadata jsonb,
  requested_by text NOT NULL,
  -- The payment, as the terminal's host knows it.
  original_unique_id text,
  -- How it ended, as the till was told. What was told is never told otherwise.
  outcome text CHECK (outcome IN ('SUCCEEDED', 'FAILED')),
  told_at timestamptz,
  -- What nobody may promise again: the amount while its end is not known, told or not, and then nothing.
  reserved_amount integer NOT NULL,
  PRIMARY KEY (account_id, prompt_id),
  FOREIGN KEY (account_id, prompt_id) REFERENCES prompts,
  CONSTRAINT told_whole CHECK (num_nulls(outcome, told_at) IN (0, 2)),
  CONSTRAINT reserved_whole_or_not CHECK (reserved_amount IN (0, amount)),
  CONSTRAINT reserved_until_told CHECK (outcome IS NOT NULL OR reserved_amount = amount),
  CONSTRAINT nothing_reserved_once_paid_back CHECK (outcome <> 'SUCCEEDED' OR reserved_amount = 0)
);
CREATE INDEX refunds_by_transaction ON refunds (account_id, transaction_id);
-- Every INITIATE event is ended once.
CREATE UNIQUE INDEX one_outcome_per_request ON transaction_events (account_id, transaction_id, correlation_request_id)
  WHERE correlation_request_id IS NOT NULL;

-- Refunds that wait for their terminal take their turn, oldest first, in the transaction that frees it.
CREATE INDEX waiting_prompts_by_terminal ON prompts (account_id, terminal_id, created_at, id) WHERE status = 'WAITING';
CREATE FUNCTION seat_next_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE next record;
BEGIN
  -- One whose deadline is being acted on holds its row and waits for the payment, which we may hold: it is passed over.
  SELECT prompt.id, prompt.created_at INTO next FROM prompts AS prompt
  WHERE prompt.account_id = NEW.account_id AND prompt.terminal_id = NEW.terminal_id AND prompt.status = 'WAITING'
  ORDER BY prompt.created_at, prompt.id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE prompts SET status = 'PENDING' WHERE account_id = NEW.account_id AND id = next.id;
    NEW.occupant_kind := 'prompt';
    NEW.occupant_id := next.id;
    NEW.occupied_at := next.created_at;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER seat_next_waiting BEFORE UPDATE OF occupant_id ON terminal_seats
  FOR EACH ROW WHEN (OLD.occupant_id IS NOT NULL AND NEW.occupant_id IS NULL) EXECUTE FUNCTION seat_next_waiting();

-- Captures, voids and lapses: the terminal's host holds the money and is told, under one id until it has answered.
CREATE TABLE advices (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  -- The authorization's, and the terminal whose host gave it.
  prompt_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('capture', 'void', 'lapse')),
  amount integer NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  status text NOT NULL CHECK (status IN ('DUE', 'SENT', 'ACCEPTED', 'REFUSED')),
  request_id text NOT NULL,
  requested_by text NOT NULL,
  request_headers jsonb NOT NULL,
  -- The till was answered 202: an INITIATE event is written, and the outcome refers to it.
  initiated boolean NOT NULL DEFAULT false,
  -- Asked for by the cancel of an authorized session, which has come true when this is accepted.
  cancels_session boolean NOT NULL DEFAULT false,
  items jsonb,
  event_reference text,
  metadata jsonb,
  reason text,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  sent_epoch bigint,
  finished_at timestamptz,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, prompt_id) REFERENCES prompts,
  CONSTRAINT advice_sent_whole CHECK (num_nulls(sent_at, sent_epoch) IN (0, 2)),
  CONSTRAINT advice_finished_when_ended CHECK ((finished_at IS NOT NULL) = (status IN ('ACCEPTED', 'REFUSED'))),
  CONSTRAINT only_a_void_cancels CHECK (NOT cancels_session OR kind = 'void')
);
-- One at a time: what is left to capture is known only when the last one has been answered.
CREATE UNIQUE INDEX one_open_advice_per_transaction ON advices (account_id, transaction_id)
  WHERE status IN ('DUE', 'SENT');
CREATE INDEX advices_by_transaction ON advices (account_id, transaction_id);
CREATE INDEX open_advices_by_terminal ON advices (account_id, terminal_id) WHERE status IN ('DUE', 'SENT');
CREATE INDEX open_advices_by_age ON advices (created_at) WHERE status IN ('DUE', 'SENT');
-- Authorizations with something left to capture: after a while that lapses.
CREATE INDEX authorizations_by_age ON transactions (created_at)
  WHERE authorized_amount > captured_amount + voided_amount;

ALTER TABLE incidents DROP CONSTRAINT incidents_kind_check;
ALTER TABLE incidents ADD CONSTRAINT incidents_kind_check CHECK (kind IN (
  'UNRESOLVED_PAYMENT', 'JOURNAL_LOST', 'ORPHAN_RESULT', 'FOREIGN_RESULT', 'SEQUENCE_BACKWARDS', 'CONTRADICTION',
  'WRONG_AMOUNT', 'CARD_NUMBER', 'UNREADABLE_RESULT', 'REVERSAL_REFUSED', 'REVERSAL_UNRESOLVED', 'ADVICE_UNANSWERED',
  'SEQUENCE_GAP'));
ALTER TABLE incidents DROP CONSTRAINT incidents_outcome_check;
ALTER TABLE incidents ADD CONSTRAINT incidents_outcome_check
  CHECK (outcome IN ('paid', 'not_paid', 'settled', 'accepted', 'refused'));
