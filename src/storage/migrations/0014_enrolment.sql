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
