-- Housekeeping that a terminal is asked for: it never moves money, and takes the terminal's seat while it lasts.

CREATE TABLE terminal_operations (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  operation text NOT NULL CHECK (operation IN ('end_of_day', 'send_logs', 'check_update', 'open_menu')),
  parameters jsonb,
  -- What was sent beside the members that we know; it is given back.
  members jsonb NOT NULL DEFAULT '{}',
  status text NOT NULL CHECK (status IN ('PENDING', 'COMPLETED', 'FAILED', 'TIMEOUT')),
  -- Of one that is COMPLETED: what the terminal said, and beside an end of day what our own books say.
  result jsonb,
  -- Why it is FAILED.
  reason text,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  updated_at timestamptz,
  updated_by text,
  -- Until when the terminal may answer.
  deadline_at timestamptz NOT NULL,
  sent_at timestamptz,
  sent_epoch bigint,
  -- The terminal's own word, in time or not: it closed its batch then, whatever we had taken it for.
  answer jsonb,
  answered_at timestamptz,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, terminal_id) REFERENCES terminals,
  CONSTRAINT operation_sent_whole CHECK (num_nulls(sent_at, sent_epoch) IN (0, 2)),
  CONSTRAINT operation_answered_whole CHECK (num_nulls(answer, answered_at) IN (0, 2)),
  CONSTRAINT result_when_completed CHECK ((result IS NOT NULL) = (status = 'COMPLETED')),
  CONSTRAINT reason_when_failed CHECK ((reason IS NOT NULL) = (status = 'FAILED')),
  CONSTRAINT operation_changed_when_ended CHECK (
    num_nulls(updated_at, updated_by) = CASE WHEN status = 'PENDING' THEN 2 ELSE 0 END)
);
-- A terminal does one thing at a time.
CREATE UNIQUE INDEX one_pending_operation_per_terminal ON terminal_operations (account_id, terminal_id)
  WHERE status = 'PENDING';
CREATE INDEX pending_operations_by_deadline ON terminal_operations (deadline_at) WHERE status = 'PENDING';
-- Lists are newest first.
CREATE INDEX terminal_operations_newest_first ON terminal_operations (account_id, created_at, id);
CREATE INDEX terminal_operations_by_terminal ON terminal_operations (account_id, terminal_id, created_at, id);

-- What a terminal took and paid back since its last end of day.
CREATE INDEX approved_prompts_by_terminal ON prompts (account_id, terminal_id, finished_at) WHERE status = 'APPROVED';
CREATE INDEX accepted_advices_by_terminal ON advices (account_id, terminal_id, finished_at) WHERE status = 'ACCEPTED';
