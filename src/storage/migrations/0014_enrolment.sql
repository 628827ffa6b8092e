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
