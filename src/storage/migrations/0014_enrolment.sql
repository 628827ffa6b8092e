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
