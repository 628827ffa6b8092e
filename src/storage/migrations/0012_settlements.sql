-- Settlements: what was captured and paid back on a day, for each seller and store.

-- How far an account's days have been settled. A row of its own, beside the account's, which every change of the set-up locks.
CREATE TABLE settlement_calendars (
  account_id text COLLATE "C" PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  time_zone text NOT NULL DEFAULT 'Europe/Oslo',
  -- The midnight until which all days are settled: the next day begins there. Null before the first.
  settled_until timestamptz,
  -- The end of a day that is being settled: fixed when that begins, whatever becomes of the time zone meanwhile.
  day_ends_at timestamptz,
  -- When to look at it again.
  due_at timestamptz NOT NULL,
  CONSTRAINT day_ends_after_it_began CHECK (day_ends_at > settled_until)
);
CREATE INDEX settlement_calendars_by_due ON settlement_calendars (due_at);

CREATE FUNCTION give_settlement_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO settlement_calendars (account_id, due_at) VALUES (NEW.account_id, NEW.created_at) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER accounts_have_a_settlement_calendar AFTER INSERT ON accounts
  FOR EACH ROW EXECUTE FUNCTION give_settlement_calendar();
INSERT INTO settlement_calendars (account_id, due_at) SELECT account_id, created_at FROM accounts;

-- One for each day, seller and store that has something to settle.
CREATE TABLE settlements (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts,
  id text COLLATE "C" NOT NULL,
  payout_destination_id text COLLATE "C" NOT NULL,
  store_id text COLLATE "C" NOT NULL,
  -- The day, from one local midnight to the next; the end is no part of it.
  start_at timestamptz NOT NULL,
  end_at timestamptz NOT NULL,
  provider_reference text COLLATE "C" NOT NULL,
  -- Made by hand on a test account, to be looked at: it settles nothing.
  is_test boolean NOT NULL DEFAULT false,
  payment_status text NOT NULL DEFAULT 'postponed' CHECK (payment_status IN ('paid', 'postponed')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  -- Null while it is being made: until then nobody is shown it.
  settled_at timestamptz,
  PRIMARY KEY (account_id, id),
  CONSTRAINT settlement_ends_after_it_began CHECK (end_at > start_at),
  CONSTRAINT test_settlements_of_test_accounts CHECK (NOT is_test OR account_id LIKE 'T%')
);
CREATE UNIQUE INDEX one_settlement_per_day ON settlements (account_id, payout_destination_id, store_id, start_at)
  WHERE NOT is_test;
CREATE INDEX settlements_being_made ON settlements (account_id) WHERE settled_at IS NULL;
-- The list, newest first, of all and of one seller; and what a search asks for.
CREATE INDEX settlements_newest_first ON settlements (account_id, settled_at, id) WHERE settled_at IS NOT NULL;
CREATE INDEX settlements_by_seller ON settlements (account_id, payout_destination_id, settled_at, id)
  WHERE settled_at IS NOT NULL;
CREATE INDEX settlements_by_reference ON settlements (account_id, provider_reference);

-- A settlement's sums. A day's may be more than 32 bits hold.
CREATE TABLE settlement_amounts (
  account_id text COLLATE "C" NOT NULL,
  settlement_id text COLLATE "C" NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  capture bigint NOT NULL CHECK (capture >= 0),
  refund bigint NOT NULL CHECK (refund >= 0),
  fee bigint NOT NULL DEFAULT 0 CHECK (fee >= 0),
  PRIMARY KEY (account_id, settlement_id, currency),
  FOREIGN KEY (account_id, settlement_id) REFERENCES settlements
);

-- What a settlement holds: a CAPTURE or REFUND of a transaction each. The key is the order of its report.
CREATE TABLE settlement_items (
  account_id text COLLATE "C" NOT NULL,
  settlement_id text COLLATE "C" NOT NULL,
  -- The event's own time. It may be before the settlement's day, where the event was committed after its day was settled.
  created_at timestamptz NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  event_id integer NOT NULL,
  event text NOT NULL CHECK (event IN ('CAPTURE', 'REFUND')),
  amount integer NOT NULL CHECK (amount > 0),
  currency text NOT NULL,
  is_test boolean NOT NULL DEFAULT false,
  PRIMARY KEY (account_id, settlement_id, created_at, transaction_id, event_id),
  FOREIGN KEY (account_id, settlement_id) REFERENCES settlements
);
CREATE UNIQUE INDEX an_event_is_settled_once ON settlement_items (account_id, transaction_id, event_id) WHERE NOT is_test;

-- How much of a transaction's money stands in settlements; its settlement_status follows from these, and is no column any more.
ALTER TABLE transactions
  ADD COLUMN settled_captured_amount integer NOT NULL DEFAULT 0,
  ADD COLUMN settled_refunded_amount integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT settled_no_more_than_moved CHECK (
    settled_captured_amount BETWEEN 0 AND captured_amount AND settled_refunded_amount BETWEEN 0 AND refunded_amount),
  DROP COLUMN settlement_status;
-- Money that waits for its settlement, oldest sale first.
CREATE INDEX unsettled_transactions ON transactions (account_id, created_at, id)
  WHERE captured_amount <> settled_captured_amount OR refunded_amount <> settled_refunded_amount;

-- Of a SETTLEMENT event: which captures and refunds stand in which settlement.
ALTER TABLE transaction_events ADD COLUMN settlements jsonb;
