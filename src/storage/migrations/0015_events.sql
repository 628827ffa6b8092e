-- What happened, to be told. An event is written in the transaction that made it, gets its place in the account's stream
-- once that has committed, and is handed to whoever subscribes.

-- Counts what was told of the transaction, from 1: its creation. Counted under the row's lock, so without gaps.
ALTER TABLE transactions ADD COLUMN sequence integer NOT NULL DEFAULT 1;

-- Written, and without a place yet: a place given inside the transaction would become visible out of order. What one
-- lock put in order, `written` keeps in order.
CREATE TABLE event_inbox (
  written bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  session_id text COLLATE "C",
  transaction_id text COLLATE "C",
  sequence integer,
  -- A ping is for one hook alone.
  hook_id text COLLATE "C",
  -- The members of the message, as JSON: how things stood then. A payment's creation has none: it is made of what never
  -- changes, and made when somebody asks.
  body text,
  created_at timestamptz NOT NULL,
  CONSTRAINT body_but_for_creation CHECK (body IS NOT NULL OR (type = 'checkout_transaction' AND sequence = 1))
);

-- The stream of an account: what happened, in its places.
CREATE TABLE events (
  account_id text COLLATE "C" NOT NULL,
  position bigint NOT NULL CHECK (position > 0),
  id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  session_id text COLLATE "C",
  transaction_id text COLLATE "C",
  sequence integer,
  hook_id text COLLATE "C",
  body text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, position)
);
CREATE INDEX events_by_session ON events (account_id, session_id, position) WHERE session_id IS NOT NULL;
CREATE INDEX events_by_age ON events (created_at);

CREATE TABLE event_streams (
  account_id text COLLATE "C" PRIMARY KEY REFERENCES accounts,
  last_position bigint NOT NULL,
  -- Up to where something has been forgotten, and what happened until when: whoever would follow from before is told.
  forgotten_position bigint NOT NULL DEFAULT 0,
  forgotten_until timestamptz
);

-- Each step of a prompt is told, whoever makes it. PENDING is not: that it waits to be sent, its creation has told.
CREATE FUNCTION tell_of_prompt_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_inbox (account_id, id, type, session_id, transaction_id, body, created_at)
  SELECT NEW.account_id, NEW.id || '.' || lower(NEW.status), 'prompt_' || lower(NEW.status), NEW.session_id,
    NEW.transaction_id,
    json_build_object('prompt', json_build_object('id', NEW.id, 'kind', NEW.kind, 'status', NEW.status,
      'session_id', NEW.session_id, 'transaction_id', NEW.transaction_id, 'terminal_id', NEW.terminal_id,
      'amount', NEW.amount, 'currency', NEW.currency, 'created_at', iso(NEW.created_at),
      'deadline_at', iso(NEW.deadline_at)))::text,
    CASE NEW.status WHEN 'WAITING' THEN NEW.created_at WHEN 'SENT' THEN NEW.sent_at WHEN 'SHOWN' THEN NEW.shown_at
      WHEN 'PROCESSING' THEN NEW.card_presented_at WHEN 'UNRESOLVED' THEN NEW.unresolved_at ELSE NEW.finished_at END;
  RETURN NULL;
END $$;
CREATE TRIGGER refund_waits_is_told AFTER INSERT ON prompts
  FOR EACH ROW WHEN (NEW.status = 'WAITING') EXECUTE FUNCTION tell_of_prompt_step();
CREATE TRIGGER prompt_step_is_told AFTER UPDATE OF status ON prompts
  FOR EACH ROW WHEN (OLD.status <> NEW.status AND NEW.status <> 'PENDING') EXECUTE FUNCTION tell_of_prompt_step();

ALTER TABLE reversals ADD COLUMN unresolved_at timestamptz;
-- Whoever follows a payment sees that its approval is being taken back, and what came of that.
CREATE FUNCTION tell_of_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_inbox (account_id, id, type, session_id, transaction_id, body, created_at)
  SELECT NEW.account_id, NEW.id || '.' || lower(NEW.status), 'payment_reversal', NEW.session_id, NEW.transaction_id,
    json_build_object('reversal', json_strip_nulls(json_build_object('id', NEW.id, 'prompt_id', NEW.prompt_id,
      'session_id', NEW.session_id, 'transaction_id', NEW.transaction_id, 'terminal_id', NEW.terminal_id,
      'journal_id', NEW.journal_id, 'amount', NEW.amount, 'currency', NEW.currency, 'status', NEW.status,
      'reason', NEW.reason, 'issued_at', iso(NEW.issued_at), 'sent_at', iso(NEW.sent_at),
      'unresolved_at', iso(NEW.unresolved_at), 'finished_at', iso(NEW.finished_at))))::text,
    coalesce(NEW.finished_at, NEW.unresolved_at, NEW.sent_at, NEW.issued_at);
  RETURN NULL;
END $$;
CREATE TRIGGER reversal_is_told AFTER INSERT ON reversals FOR EACH ROW EXECUTE FUNCTION tell_of_reversal();
CREATE TRIGGER reversal_step_is_told AFTER UPDATE OF status ON reversals
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION tell_of_reversal();

-- A subscription: which events go where, and how they are signed.
CREATE TABLE hooks (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  -- A UUID; the newest is the one with the latest created_at.
  id text COLLATE "C" NOT NULL,
  url text NOT NULL,
  -- {type: HMAC-SHA1 | AWS4-HMAC-SHA256 | Authorization, …}: must be readable, to sign with.
  secret jsonb,
  insecure_ssl boolean NOT NULL,
  events text[] NOT NULL CHECK (cardinality(events) > 0),
  active boolean NOT NULL,
  fields text,
  exclude_fields text[],
  -- The other members as they were sent; those of its `config` under that name.
  members jsonb NOT NULL DEFAULT '{}',
  -- What messages are signed with in the Standard Webhooks form. The former one signs beside it for a while.
  signing_secret text NOT NULL,
  former_signing_secret text,
  former_until timestamptz,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  deleted_at timestamptz,
  deleted_by text,
  PRIMARY KEY (account_id, id),
  CONSTRAINT former_secret_whole CHECK (num_nulls(former_signing_secret, former_until) IN (0, 2)),
  CONSTRAINT hook_deleted_whole CHECK (num_nulls(deleted_at, deleted_by) IN (0, 2))
);
CREATE INDEX hooks_by_age ON hooks (account_id, created_at, id);

-- A list of all that may change: whoever adds to it in a migration before this one adds to it here.
ALTER TABLE account_changes DROP CONSTRAINT account_changes_entity_check,
  ADD CONSTRAINT account_changes_entity_check CHECK (entity IN (
    'account', 'client', 'grant', 'payout_destination', 'store', 'terminal', 'device', 'profile', 'signature', 'user',
    'api_key', 'hook'));

-- Everything that goes to one receiver: a hook's, or callbacks to one origin. One process at a time works on a lane, so
-- that one dead receiver delays nobody else, and a backlog drains in order.
CREATE TABLE delivery_lanes (
  account_id text COLLATE "C" NOT NULL,
  -- The hook's id, or the origin of the callbacks: https://shop.example:8443
  id text COLLATE "C" NOT NULL,
  hook_id text COLLATE "C",
  -- The server process that works on it now; free again when that has died.
  held_by text COLLATE "C",
  -- Tries that failed one after the other, whichever delivery they were of.
  failures integer NOT NULL DEFAULT 0,
  paused_at timestamptz,
  -- `tapline` where the receiver failed too often: then it is probed. A client's id: then it waits for that client.
  paused_by text,
  probe_at timestamptz,
  -- What was kept while it was paused goes out in order, one after the other, whenever it was due.
  draining boolean NOT NULL DEFAULT false,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, hook_id) REFERENCES hooks,
  CONSTRAINT paused_whole CHECK (num_nulls(paused_at, paused_by) IN (0, 2)),
  CONSTRAINT probed_while_paused CHECK (probe_at IS NULL OR paused_at IS NOT NULL)
);
CREATE INDEX lanes_by_holder ON delivery_lanes (held_by) WHERE held_by IS NOT NULL;

ALTER TABLE deliveries ADD COLUMN lane_id text COLLATE "C";
UPDATE deliveries SET lane_id = substring(url FROM '^[a-z]+://[^/?#]+');
ALTER TABLE deliveries ALTER COLUMN lane_id SET NOT NULL;
INSERT INTO delivery_lanes (account_id, id) SELECT DISTINCT account_id, lane_id FROM deliveries;
ALTER TABLE deliveries
  ADD COLUMN hook_id text COLLATE "C",
  ADD COLUMN event_position bigint,
  -- Every try that was made; `attempts` are those that count against the limit, anew where it was sent again.
  ADD COLUMN tries integer NOT NULL DEFAULT 0,
  DROP COLUMN leased_until,
  ALTER COLUMN session_id DROP NOT NULL,
  ALTER COLUMN transaction_id DROP NOT NULL,
  DROP CONSTRAINT deliveries_kind_check,
  DROP CONSTRAINT body_for_post,
  ADD CONSTRAINT deliveries_kind_check CHECK (kind IN ('callback', 'webhook')),
  ADD CONSTRAINT callback_whole CHECK (kind <> 'callback' OR (
    session_id IS NOT NULL AND num_nonnulls(hook_id, event_position) = 0
    AND (body IS NOT NULL) = (method = 'POST'))),
  -- A message's body is made of its event, the same at every try, and stands nowhere else.
  ADD CONSTRAINT webhook_whole CHECK (kind <> 'webhook' OR (
    num_nulls(hook_id, event_position) = 0 AND method = 'POST' AND body IS NULL));
UPDATE deliveries SET tries = attempts;
DROP INDEX due_deliveries;
-- The lanes with something to send are found by skipping from one to the next.
CREATE INDEX pending_deliveries ON deliveries (account_id, lane_id, due_at, event_position) WHERE status = 'PENDING';
CREATE INDEX pending_deliveries_in_order ON deliveries (account_id, lane_id, event_position)
  WHERE status = 'PENDING' AND event_position IS NOT NULL;
-- What ended long ago is forgotten.
CREATE INDEX ended_callbacks ON deliveries (finished_at) WHERE kind = 'callback';
CREATE UNIQUE INDEX one_delivery_per_event ON deliveries (account_id, hook_id, event_position)
  WHERE hook_id IS NOT NULL;

-- The log of tries: what came back, for whoever looks for the fault.
CREATE TABLE delivery_attempts (
  account_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  try integer NOT NULL CHECK (try > 0),
  started_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  request_headers jsonb NOT NULL,
  -- What came back, or the sentence that says why nothing did.
  status integer,
  response_headers jsonb,
  response_body text,
  problem text,
  PRIMARY KEY (account_id, delivery_id, try),
  FOREIGN KEY (account_id, delivery_id) REFERENCES deliveries ON DELETE CASCADE,
  CONSTRAINT answered_or_not CHECK (num_nonnulls(status, problem) = 1)
);

ALTER TABLE incidents DROP CONSTRAINT incidents_kind_check;
ALTER TABLE incidents ADD CONSTRAINT incidents_kind_check CHECK (kind IN (
  'UNRESOLVED_PAYMENT', 'JOURNAL_LOST', 'ORPHAN_RESULT', 'FOREIGN_RESULT', 'SEQUENCE_BACKWARDS', 'CONTRADICTION',
  'WRONG_AMOUNT', 'CARD_NUMBER', 'UNREADABLE_RESULT', 'REVERSAL_REFUSED', 'REVERSAL_UNRESOLVED', 'ADVICE_UNANSWERED',
  'SEQUENCE_GAP', 'DELETED_WITH_OPEN_WORK', 'DELIVERY_EXHAUSTED', 'RECEIVER_FAILING'));
