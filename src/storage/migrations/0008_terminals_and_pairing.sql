-- Terminals that a shop sets up by itself: registered, paired with a device, moved, switched off and deleted.

ALTER TABLE terminals ADD COLUMN created_by text;
ALTER TABLE terminals ADD COLUMN updated_at timestamptz;
ALTER TABLE terminals ADD COLUMN updated_by text;
ALTER TABLE terminals ADD COLUMN deleted_at timestamptz;
ALTER TABLE terminals ADD COLUMN deleted_by text;
-- Asked for since the device was paired: with that and its first connection the terminal is ready.
ALTER TABLE terminals ADD COLUMN check_update_asked_at timestamptz;
-- What was sent beside the members that we know; it is given back.
ALTER TABLE terminals ADD COLUMN members jsonb NOT NULL DEFAULT '{}';
UPDATE terminals SET check_update_asked_at = created_at WHERE status = 'ACTIVE';
UPDATE terminals SET deleted_at = created_at WHERE status = 'DELETED';

-- A box stands in one place; the other accounts' boxes are nobody's business here.
CREATE UNIQUE INDEX one_terminal_per_serial_number ON terminals (account_id, device_serial_number)
  WHERE status <> 'DELETED';
-- Lists are newest first.
CREATE INDEX terminals_newest_first ON terminals (account_id, created_at, terminal_id);

ALTER TABLE devices ADD COLUMN serial_number text;
ALTER TABLE devices ADD COLUMN model text;
ALTER TABLE devices ADD COLUMN paired_by text;
ALTER TABLE devices ADD COLUMN revoked_by text;

-- The code that pairs a device: the newest of a terminal, until it is used or has expired.
CREATE TABLE pairing_codes (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  -- Of 40 random bits, so a slow hash; salted by the serial number that the code goes with.
  code_scrypt bytea NOT NULL CHECK (length(code_scrypt) = 32),
  device_serial_number text NOT NULL,
  asked_by text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- Wrong codes that were tried with this serial number while there was a rush of them.
  wrong_tries integer NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, terminal_id),
  FOREIGN KEY (account_id, terminal_id) REFERENCES terminals,
  CONSTRAINT code_expires_after_it_was_made CHECK (expires_at > created_at)
);
CREATE INDEX pairing_codes_by_code ON pairing_codes (code_scrypt);
CREATE INDEX pairing_codes_by_serial_number ON pairing_codes (device_serial_number);

-- Money that a terminal's host still holds: a deleted terminal is let in until it is captured, voided or has lapsed.
CREATE INDEX authorizations_by_terminal ON transactions (account_id, terminal_id)
  WHERE authorized_amount > captured_amount + voided_amount;

ALTER TABLE incidents DROP CONSTRAINT incidents_kind_check;
ALTER TABLE incidents ADD CONSTRAINT incidents_kind_check CHECK (kind IN (
  'UNRESOLVED_PAYMENT', 'JOURNAL_LOST', 'ORPHAN_RESULT', 'FOREIGN_RESULT', 'SEQUENCE_BACKWARDS', 'CONTRADICTION',
  'WRONG_AMOUNT', 'CARD_NUMBER', 'UNREADABLE_RESULT', 'REVERSAL_REFUSED', 'REVERSAL_UNRESOLVED', 'ADVICE_UNANSWERED', 'SEQUENCE_GAP',
  'DELETED_WITH_OPEN_WORK'));
