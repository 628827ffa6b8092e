-- What comes with the end of a terminal's enrolment, and with another way into it.

-- A deleted terminal is to close its day when everything open on it has ended: until then the operation waits, beside
-- whatever the terminal was asked for before, holds no seat and is not sent.
ALTER TABLE terminal_operations
  ADD COLUMN waits boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT what_waits_was_not_sent CHECK (NOT (waits AND sent_at IS NOT NULL));
DROP INDEX one_pending_operation_per_terminal;
CREATE UNIQUE INDEX one_pending_operation_per_terminal ON terminal_operations (account_id, terminal_id)
  WHERE status = 'PENDING' AND NOT waits;
CREATE UNIQUE INDEX one_waiting_operation_per_terminal ON terminal_operations (account_id, terminal_id)
  WHERE status = 'PENDING' AND waits;

-- Devices that show a code and wait to be paired: nobody has vouched for them yet, so they are few, and gone in minutes.
CREATE TABLE pairing_requests (
  pairing_id text COLLATE "C" PRIMARY KEY,
  -- Of 40 random bits, so a slow hash; salted by the serial number that the code goes with.
  code_scrypt bytea NOT NULL UNIQUE CHECK (length(code_scrypt) = 32),
  public_jwk jsonb NOT NULL,
  serial_number text NOT NULL,
  model text NOT NULL,
  -- Where it came from, so that one place cannot take the room of all; of an IPv6 address its network.
  address text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- The terminal whose operator has typed the code.
  account_id text COLLATE "C",
  terminal_id text COLLATE "C",
  claimed_by text,
  claimed_at timestamptz,
  -- The device that came of it; kept until it expires, for a device that has not heard the answer.
  device_id text COLLATE "C",
  FOREIGN KEY (account_id, terminal_id) REFERENCES terminals,
  CONSTRAINT request_expires_after_it_was_made CHECK (expires_at > created_at),
  CONSTRAINT claimed_whole CHECK (num_nulls(account_id, terminal_id, claimed_by, claimed_at) IN (0, 4)),
  CONSTRAINT paired_after_it_was_claimed CHECK (device_id IS NULL OR account_id IS NOT NULL)
);
CREATE INDEX pairing_requests_by_end ON pairing_requests (expires_at);

-- Lists of a large account. Each index is entered by those rows alone that have something to be found by.

-- Who bought, and the second reference, as numbers: a text may be longer than an index takes. The account is part of each,
-- because an index of this kind holds one number at a time. What is found is compared whole.
CREATE FUNCTION session_word(account_id text, what text, word text) RETURNS bigint
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN hashtextextended((account_id || ' ' || what || ' ' || word) COLLATE "C", 0);
CREATE FUNCTION full_name(address jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN lower(coalesce((address ->> 'first_name') || ' ' || (address ->> 'last_name'), address ->> 'first_name',
    address ->> 'last_name'));
CREATE FUNCTION session_words(account_id text, members jsonb, bought jsonb) RETURNS bigint[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN array_remove(ARRAY[
    session_word(account_id, 'customer', members -> 'customer' ->> 'customer_id'),
    session_word(account_id, 'buyer', members -> 'customer' ->> 'phone_number'),
    session_word(account_id, 'buyer', members -> 'customer' ->> 'email'),
    session_word(account_id, 'buyer', full_name(bought -> 'billing_address')),
    session_word(account_id, 'buyer', full_name(bought -> 'shipping_address')),
    session_word(account_id, 'reference', bought ->> 'merchant_reference_2')], NULL);
-- Written at once: what waits in a list is written all together one day, and then a sale waits for it.
CREATE INDEX sessions_by_words ON sessions USING gin (session_words(account_id, members, "order"))
  WITH (fastupdate = off)
  WHERE members ? 'customer' OR "order" ?| '{billing_address,shipping_address,merchant_reference_2}';

CREATE INDEX transaction_events_by_payout
  ON transaction_events (account_id, (metadata ->> 'payout_correlation_id'), transaction_id)
  WHERE metadata ->> 'payout_correlation_id' IS NOT NULL;
-- When money was taken, and when it was given back. A sale enters it when it is concluded, not when it is created.
CREATE INDEX transaction_events_by_time ON transaction_events (account_id, event, created_at, transaction_id)
  WHERE success AND event IN ('CAPTURE', 'REFUND');

-- Seats follow what they repeat, one by one: a change of a terminal, a store or a seller touches the seats concerned, however
-- many the account has. As before, the account's row is locked first, so that two changes at the same time follow one
-- another; which seats are concerned is asked after that, when the one before can be seen.
DROP TRIGGER seats_follow_accounts ON accounts;
DROP TRIGGER seats_follow_sellers ON payout_destinations;
DROP TRIGGER seats_follow_stores ON stores;
DROP TRIGGER seats_follow_terminals ON terminals;
DROP TRIGGER seats_are_made_whole ON terminal_seats;
DROP FUNCTION refresh_seats_of_changed;
DROP FUNCTION refresh_seats;

CREATE FUNCTION lock_accounts(changed_accounts text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = ANY(changed_accounts) ORDER BY account_id FOR NO KEY UPDATE;
END $$;

-- Brings these terminals' seats up to date: the accounts and the ids stand side by side. Their accounts are locked.
CREATE FUNCTION refresh_seats(changed_accounts text[], changed_terminals text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE terminal_seats AS seat
  SET store_id = standing.store_id, payout_destination_id = standing.payout_destination_id,
    takes_payments = standing.takes_payments
  FROM (
    SELECT terminal.account_id, terminal.terminal_id, terminal.store_id, store.payout_destination_id,
      account.in_person_enabled AND terminal.status = 'ACTIVE' AND store.status = 'ACTIVE'
        AND coalesce(seller.case_status = 'ACTIVE', false) AS takes_payments
    FROM unnest(changed_accounts, changed_terminals) AS changed (account_id, terminal_id)
    JOIN terminals AS terminal ON terminal.account_id = changed.account_id
      AND terminal.terminal_id = changed.terminal_id
    JOIN accounts AS account ON account.account_id = terminal.account_id
    JOIN stores AS store ON store.account_id = terminal.account_id AND store.store_id = terminal.store_id
    LEFT JOIN payout_destinations AS seller ON seller.account_id = store.account_id
      AND seller.payout_destination_id = store.payout_destination_id
  ) AS standing
  WHERE seat.account_id = standing.account_id AND seat.terminal_id = standing.terminal_id
    AND (seat.store_id, seat.payout_destination_id, seat.takes_payments) IS DISTINCT FROM
      (standing.store_id, standing.payout_destination_id, standing.takes_payments);
END $$;

CREATE FUNCTION refresh_new_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  accounts text[];
  terminals text[];
BEGIN
  SELECT array_agg(account_id), array_agg(terminal_id) INTO accounts, terminals FROM new_rows;
  PERFORM lock_accounts(accounts);
  PERFORM refresh_seats(accounts, terminals);
  RETURN NULL;
END $$;

CREATE FUNCTION refresh_seats_of_terminals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  accounts text[];
  terminals text[];
BEGIN
  SELECT array_agg(account_id), array_agg(terminal_id) INTO accounts, terminals FROM (
    SELECT account_id, terminal_id, store_id, status FROM new_rows
    EXCEPT SELECT account_id, terminal_id, store_id, status FROM old_rows) AS changed;
  PERFORM lock_accounts(accounts);
  PERFORM refresh_seats(accounts, terminals);
  RETURN NULL;
END $$;

CREATE FUNCTION refresh_seats_of_stores() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  accounts text[];
  changed_stores text[];
  terminals text[];
BEGIN
  SELECT array_agg(account_id), array_agg(store_id) INTO accounts, changed_stores FROM (
    SELECT account_id, store_id, payout_destination_id, status FROM new_rows
    EXCEPT SELECT account_id, store_id, payout_destination_id, status FROM old_rows) AS changed;
  PERFORM lock_accounts(accounts);
  SELECT array_agg(terminal.account_id), array_agg(terminal.terminal_id) INTO accounts, terminals
    FROM unnest(accounts, changed_stores) AS changed (account_id, store_id)
    JOIN terminals AS terminal ON terminal.account_id = changed.account_id AND terminal.store_id = changed.store_id;
  PERFORM refresh_seats(accounts, terminals);
  RETURN NULL;
END $$;

CREATE FUNCTION refresh_seats_of_sellers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  accounts text[];
  sellers text[];
  terminals text[];
BEGIN
  SELECT array_agg(account_id), array_agg(payout_destination_id) INTO accounts, sellers FROM (
    SELECT account_id, payout_destination_id, case_status FROM new_rows
    EXCEPT SELECT account_id, payout_destination_id, case_status FROM old_rows) AS changed;
  PERFORM lock_accounts(accounts);
  SELECT array_agg(terminal.account_id), array_agg(terminal.terminal_id) INTO accounts, terminals
    FROM unnest(accounts, sellers) AS changed (account_id, payout_destination_id)
    JOIN stores AS store ON store.account_id = changed.account_id
      AND store.payout_destination_id = changed.payout_destination_id
    JOIN terminals AS terminal ON terminal.account_id = store.account_id AND terminal.store_id = store.store_id;
  PERFORM refresh_seats(accounts, terminals);
  RETURN NULL;
END $$;

CREATE FUNCTION refresh_seats_of_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  accounts text[];
  terminals text[];
BEGIN
  SELECT array_agg(account_id) INTO accounts FROM (
    SELECT account_id, in_person_enabled FROM new_rows EXCEPT SELECT account_id, in_person_enabled FROM old_rows
  ) AS changed;
  PERFORM lock_accounts(accounts);
  SELECT array_agg(terminal.account_id), array_agg(terminal.terminal_id) INTO accounts, terminals
    FROM terminals AS terminal WHERE terminal.account_id = ANY(accounts);
  PERFORM refresh_seats(accounts, terminals);
  RETURN NULL;
END $$;

CREATE TRIGGER seats_follow_accounts AFTER UPDATE ON accounts
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_accounts();
CREATE TRIGGER seats_follow_sellers AFTER UPDATE ON payout_destinations
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_sellers();
CREATE TRIGGER seats_follow_stores AFTER UPDATE ON stores
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_stores();
CREATE TRIGGER seats_follow_terminals AFTER UPDATE ON terminals
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_terminals();
CREATE TRIGGER seats_are_made_whole AFTER INSERT ON terminal_seats
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_new_seats();

-- A second reference may be of any length, and an index takes no more than 2,704 bytes: a sale with a longer one was refused.
DROP INDEX transactions_by_second_reference;
CREATE INDEX transactions_by_second_reference ON transactions (account_id, "left"(merchant_reference_2, 500), id)
  WHERE merchant_reference_2 IS NOT NULL;
