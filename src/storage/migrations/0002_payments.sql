-- Sessions, transactions, prompts, what terminals said, and what is to be told to whom.

-- A time as the API writes it, for JSON that the database builds.
CREATE FUNCTION iso(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE TABLE sessions (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  profile_id text COLLATE "C",
  transaction_id text COLLATE "C",
  merchant_reference text NOT NULL,
  url jsonb NOT NULL,
  "order" jsonb NOT NULL,
  configuration jsonb NOT NULL,
  -- The other members as they were sent (customer, merchant, checkboxes, metadata and those we do not know).
  members jsonb NOT NULL,
  request_headers jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  cancelled_at timestamptz,
  cancelled_by text,
  -- Numbers the events: counted under the row's lock, so without gaps.
  event_count integer NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, id),
  CONSTRAINT cancelled_by_someone CHECK (num_nulls(cancelled_at, cancelled_by) IN (0, 2)),
  CONSTRAINT expires_after_creation CHECK (expires_at > created_at)
);

CREATE TABLE session_events (
  account_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  id integer NOT NULL CHECK (id > 0),
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  request_id text,
  details jsonb,
  PRIMARY KEY (account_id, session_id, id)
);

CREATE TABLE transactions (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  amount integer NOT NULL CHECK (amount > 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  status text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('ecommerce', 'in_app', 'in_store')),
  merchant_reference text NOT NULL,
  merchant_reference_2 text,
  store_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  payout_destination_id text COLLATE "C" NOT NULL,
  authorized_amount integer NOT NULL DEFAULT 0,
  captured_amount integer NOT NULL DEFAULT 0,
  refunded_amount integer NOT NULL DEFAULT 0,
  voided_amount integer NOT NULL DEFAULT 0,
  -- Refunds accepted whose outcome is not known yet: nobody may promise this money again.
  reserved_refund_amount integer NOT NULL DEFAULT 0,
  card jsonb,
  settlement_status text NOT NULL DEFAULT 'NOT_SETTLED',
  event_count integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  CONSTRAINT one_transaction_per_session UNIQUE (account_id, session_id),
  CONSTRAINT amounts_in_order CHECK (
    refunded_amount >= 0 AND reserved_refund_amount >= 0 AND voided_amount >= 0
    AND refunded_amount + reserved_refund_amount <= captured_amount
    AND captured_amount + voided_amount <= authorized_amount
    AND authorized_amount IN (0, amount)),
  -- domain/transaction.ts statusOf, said again where nobody can get round it.
  CONSTRAINT status_follows_from_amounts CHECK (
    CASE
      WHEN authorized_amount = 0 THEN status IN ('INITIATED', 'DECLINED', 'FAILED', 'UNKNOWN')
      WHEN captured_amount = 0 AND voided_amount > 0 THEN status = 'AUTHORIZATION_VOIDED'
      WHEN captured_amount = 0 THEN status = 'AUTHORIZED'
      WHEN refunded_amount = 0 AND captured_amount = authorized_amount THEN status = 'CAPTURED'
      WHEN refunded_amount = 0 THEN status = 'PARTIALLY_CAPTURED'
      WHEN refunded_amount = captured_amount AND captured_amount = authorized_amount THEN status = 'REFUNDED'
      WHEN captured_amount = authorized_amount THEN status = 'PARTIALLY_REFUNDED'
      ELSE status = 'PARTIALLY_CAPTURED_REFUNDED'
    END)
);
-- Lists are newest first. An id begins with its time, so the key itself is the order of the plain list, and each filter
-- has an index that ends in it.
CREATE INDEX transactions_by_terminal ON transactions (account_id, terminal_id, id);
CREATE INDEX transactions_by_reference ON transactions (account_id, merchant_reference, id);

CREATE TABLE transaction_events (
  account_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  id integer NOT NULL CHECK (id > 0),
  event text NOT NULL CHECK (event IN (
    'INITIALIZE', 'AUTHORIZE', 'CAPTURE', 'REFUND', 'VOID', 'INITIATE_REFUND', 'INITIATE_VOID', 'INITIATE_CAPTURE',
    'SETTLEMENT')),
  transaction_status text NOT NULL,
  success boolean NOT NULL,
  amount integer,
  items jsonb,
  created_at timestamptz NOT NULL,
  created_by text,
  request_id text,
  correlation_request_id text,
  event_reference text,
  metadata jsonb,
  error jsonb,
  correction jsonb,
  request_headers jsonb,
  PRIMARY KEY (account_id, transaction_id, id),
  CONSTRAINT failure_has_its_error CHECK (success = (error IS NULL))
);

CREATE TABLE prompts (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('purchase', 'authorize', 'refund')),
  amount integer NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  status text NOT NULL CHECK (status IN (
    'WAITING', 'PENDING', 'SENT', 'SHOWN', 'PROCESSING', 'UNRESOLVED',
    'APPROVED', 'DECLINED', 'CANCELLED', 'EXPIRED', 'FAILED')),
  created_at timestamptz NOT NULL,
  -- Until when a card may be presented.
  deadline_at timestamptz NOT NULL,
  sent_at timestamptz,
  sent_epoch bigint,
  sent_journal_id text COLLATE "C",
  shown_at timestamptz,
  card_presented_at timestamptz,
  stop_asked_at timestamptz,
  cancel_asked_at timestamptz,
  cancel_asked_by text,
  unresolved_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (account_id, id),
  CONSTRAINT sent_whole CHECK (num_nulls(sent_at, sent_epoch, sent_journal_id) IN (0, 3)),
  CONSTRAINT never_sent_while_pending CHECK (status NOT IN ('WAITING', 'PENDING') OR sent_at IS NULL),
  CONSTRAINT sent_before_it_was_answered CHECK (
    status NOT IN ('SENT', 'SHOWN', 'PROCESSING', 'UNRESOLVED', 'APPROVED', 'DECLINED') OR sent_at IS NOT NULL),
  CONSTRAINT shown_has_its_time CHECK (status <> 'SHOWN' OR shown_at IS NOT NULL),
  CONSTRAINT processing_has_its_card CHECK (status <> 'PROCESSING' OR card_presented_at IS NOT NULL),
  CONSTRAINT finished_when_final CHECK (
    (finished_at IS NOT NULL) = (status IN ('APPROVED', 'DECLINED', 'CANCELLED', 'EXPIRED', 'FAILED'))),
  CONSTRAINT cancel_asked_by_someone CHECK (num_nulls(cancel_asked_at, cancel_asked_by) IN (0, 2)),
  CONSTRAINT waiting_is_for_refunds CHECK (status <> 'WAITING' OR kind = 'refund')
) WITH (fillfactor = 80);
-- A session asks for its money once (prompt-life section 2).
CREATE UNIQUE INDEX one_payment_prompt_per_session ON prompts (account_id, session_id)
  WHERE kind IN ('purchase', 'authorize');
-- A terminal does one thing at a time. An unresolved prompt keeps its seat, but may be left behind by a device that was
-- replaced; that is why it is not in here.
CREATE UNIQUE INDEX one_live_prompt_per_terminal ON prompts (account_id, terminal_id)
  WHERE status IN ('PENDING', 'SENT', 'SHOWN', 'PROCESSING');
CREATE INDEX unresolved_prompts_by_terminal ON prompts (account_id, terminal_id) WHERE status = 'UNRESOLVED';
CREATE INDEX open_prompts_by_deadline ON prompts (deadline_at)
  WHERE status IN ('WAITING', 'PENDING', 'SENT', 'SHOWN', 'PROCESSING', 'UNRESOLVED');

-- domain/prompt.ts allowedPromptSteps, said again where nobody can get round it. A test tries every pair.
CREATE FUNCTION refuse_forbidden_prompt_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.status || '>' || NEW.status) NOT IN (
    'WAITING>PENDING', 'WAITING>EXPIRED',
    'PENDING>SENT', 'PENDING>CANCELLED', 'PENDING>EXPIRED',
    'SENT>SHOWN', 'SENT>PROCESSING', 'SENT>UNRESOLVED',
    'SENT>APPROVED', 'SENT>DECLINED', 'SENT>CANCELLED', 'SENT>EXPIRED', 'SENT>FAILED',
    'SHOWN>PROCESSING', 'SHOWN>UNRESOLVED',
    'SHOWN>APPROVED', 'SHOWN>DECLINED', 'SHOWN>CANCELLED', 'SHOWN>EXPIRED', 'SHOWN>FAILED',
    'PROCESSING>UNRESOLVED',
    'PROCESSING>APPROVED', 'PROCESSING>DECLINED', 'PROCESSING>CANCELLED', 'PROCESSING>EXPIRED', 'PROCESSING>FAILED',
    'UNRESOLVED>APPROVED', 'UNRESOLVED>DECLINED', 'UNRESOLVED>CANCELLED', 'UNRESOLVED>EXPIRED', 'UNRESOLVED>FAILED')
  THEN
    RAISE EXCEPTION 'a prompt does not go from % to %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'prompt_step';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER prompt_step BEFORE UPDATE OF status ON prompts
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION refuse_forbidden_prompt_step();

-- What terminals said, word for word but for masked card numbers: the evidence. Kept before it is acted on.
CREATE TABLE terminal_results (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  journal_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  prompt_id text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  received_at timestamptz NOT NULL,
  frame jsonb NOT NULL,
  -- applied: it moved its prompt. The rest changed nothing: late (the prompt had ended), orphan (we do not know the
  -- prompt), foreign (from another journal than the prompt was sent to).
  verdict text NOT NULL CHECK (verdict IN ('applied', 'late', 'orphan', 'foreign')),
  PRIMARY KEY (account_id, terminal_id, journal_id, sequence)
);
CREATE INDEX terminal_results_by_prompt ON terminal_results (account_id, prompt_id);

-- The outbox: what is to be told to whom, written in the transaction of what happened.
CREATE TABLE deliveries (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('callback')),
  session_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  transaction_event_id integer,
  method text NOT NULL CHECK (method IN ('GET', 'POST')),
  url text NOT NULL,
  body text,
  status text NOT NULL CHECK (status IN ('PENDING', 'DELIVERED', 'REFUSED', 'EXHAUSTED')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  leased_until timestamptz,
  last_answer text,
  created_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (account_id, id),
  CONSTRAINT delivery_finished_when_ended CHECK ((finished_at IS NULL) = (status = 'PENDING')),
  CONSTRAINT body_for_post CHECK ((body IS NOT NULL) = (method = 'POST'))
);
CREATE INDEX due_deliveries ON deliveries (due_at) WHERE status = 'PENDING';
CREATE INDEX deliveries_by_session ON deliveries (account_id, session_id);
