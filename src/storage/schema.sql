-- The schema after all migrations. Written by scripts/generate.ts from a migrated database; nobody runs it.

CREATE TABLE schema_migrations (
  version integer NOT NULL,
  name text NOT NULL,
  applied_at timestamp with time zone NOT NULL,
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (version)
);

CREATE TABLE accounts (
  account_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  in_person_enabled boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  allow_mixed_methods boolean NOT NULL DEFAULT false,
  in_person_currencies text[],
  CONSTRAINT accounts_pkey PRIMARY KEY (account_id),
  CONSTRAINT accounts_account_id_check CHECK (account_id ~ '^[PT]\d{8}$'::text),
  CONSTRAINT accounts_in_person_currencies_check CHECK (cardinality(in_person_currencies) > 0)
);

CREATE TABLE api_clients (
  account_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  deleted_at timestamp with time zone,
  id text COLLATE "C" NOT NULL,
  description text,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  created_by text NOT NULL,
  updated_at timestamp with time zone,
  updated_by text,
  deleted_by text,
  CONSTRAINT api_clients_pkey PRIMARY KEY (account_id, client_id),
  CONSTRAINT api_client_ids UNIQUE (account_id, id),
  CONSTRAINT api_clients_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id)
);
CREATE INDEX api_clients_newest_first ON api_clients USING btree (account_id, created_at, id);

CREATE TABLE signing_keys (
  kid text COLLATE "C" NOT NULL,
  algorithm text NOT NULL,
  private_jwk jsonb NOT NULL,
  public_jwk jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  retires_at timestamp with time zone,
  CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
  CONSTRAINT signing_keys_algorithm_check CHECK (algorithm = 'ES256'::text),
  CONSTRAINT signing_keys_public_jwk_check CHECK (NOT public_jwk ? 'd'::text)
);

CREATE TABLE payout_destinations (
  account_id text COLLATE "C" NOT NULL,
  payout_destination_id text COLLATE "C" NOT NULL,
  name text,
  case_status text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  description text,
  payout_reference text,
  bank_accounts jsonb NOT NULL DEFAULT '[]'::jsonb,
  type text,
  payout_interval_type text,
  merchant_category_code text,
  country_code text,
  organization jsonb,
  address jsonb,
  phone_number text,
  email text,
  website text,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  CONSTRAINT payout_destinations_pkey PRIMARY KEY (account_id, payout_destination_id),
  CONSTRAINT payout_destinations_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT payout_destinations_case_status_check CHECK (case_status = ANY (ARRAY['ACTIVE'::text, 'DECLINED'::text, 'UNDER_MANUAL_REVIEW'::text, 'AUTOMATIC_REVIEW'::text, 'WAITING_FOR_SIGNATURE'::text, 'WAITING_FOR_DECLARATION'::text, 'ERROR'::text, 'ARCHIVED'::text, 'WAITING_FOR_DETAILS'::text, 'TERMINATED'::text])),
  CONSTRAINT payout_destinations_payout_destination_id_check CHECK (payout_destination_id ~ '^[A-Za-z0-9_-]{1,40}$'::text),
  CONSTRAINT payout_destinations_payout_interval_type_check CHECK (payout_interval_type = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'manual'::text])),
  CONSTRAINT payout_destinations_type_check CHECK (type = ANY (ARRAY['company'::text, 'individual'::text])),
  CONSTRAINT seller_updated_by_someone CHECK (num_nulls(updated_at, updated_by) = ANY (ARRAY[0, 2]))
);
CREATE INDEX payout_destinations_by_age ON payout_destinations USING btree (account_id, created_at, payout_destination_id);

CREATE TABLE stores (
  account_id text COLLATE "C" NOT NULL,
  store_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  store_name text,
  payout_destination_id text COLLATE "C",
  status text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  organization jsonb,
  link jsonb NOT NULL DEFAULT '{}'::jsonb,
  address jsonb,
  coordinates jsonb,
  phone_number text,
  email text,
  website text,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  deleted_at timestamp with time zone,
  deleted_by text,
  CONSTRAINT stores_pkey PRIMARY KEY (account_id, store_id),
  CONSTRAINT stores_account_id_id_key UNIQUE (account_id, id),
  CONSTRAINT stores_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT stores_account_id_payout_destination_id_fkey FOREIGN KEY (account_id, payout_destination_id) REFERENCES payout_destinations(account_id, payout_destination_id),
  CONSTRAINT store_deleted_by_someone CHECK (num_nulls(deleted_at, deleted_by) = ANY (ARRAY[0, 2])),
  CONSTRAINT store_updated_by_someone CHECK (num_nulls(updated_at, updated_by) = ANY (ARRAY[0, 2])),
  CONSTRAINT stores_status_check CHECK (status = ANY (ARRAY['ACTIVE'::text, 'DELETED'::text])),
  CONSTRAINT what_is_in_use_was_not_deleted CHECK (deleted_at IS NULL OR status = 'DELETED'::text)
);
CREATE INDEX stores_by_age ON stores USING btree (account_id, created_at, store_id);
CREATE INDEX stores_by_seller ON stores USING btree (account_id, payout_destination_id);

CREATE TABLE terminals (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  device_serial_number text NOT NULL,
  device_model text,
  store_id text COLLATE "C" NOT NULL,
  status text NOT NULL,
  status_reason text,
  driver text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text,
  updated_at timestamp with time zone,
  updated_by text,
  deleted_at timestamp with time zone,
  deleted_by text,
  check_update_asked_at timestamp with time zone,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT terminals_pkey PRIMARY KEY (account_id, terminal_id),
  CONSTRAINT terminals_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT terminals_account_id_store_id_fkey FOREIGN KEY (account_id, store_id) REFERENCES stores(account_id, store_id),
  CONSTRAINT terminals_driver_check CHECK (driver = 'socket'::text),
  CONSTRAINT terminals_status_check CHECK (status = ANY (ARRAY['PENDING'::text, 'ACTION_REQUIRED'::text, 'ACTIVE'::text, 'INACTIVE'::text, 'DELETED'::text]))
);
CREATE UNIQUE INDEX one_terminal_per_serial_number ON terminals USING btree (account_id, device_serial_number) WHERE status <> 'DELETED'::text;
CREATE INDEX terminals_in_store ON terminals USING btree (account_id, store_id);
CREATE INDEX terminals_newest_first ON terminals USING btree (account_id, created_at, terminal_id);

CREATE TABLE devices (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  device_id text COLLATE "C" NOT NULL,
  public_jwk jsonb NOT NULL,
  journal_id text COLLATE "C",
  paired_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone,
  serial_number text,
  model text,
  paired_by text,
  revoked_by text,
  CONSTRAINT devices_pkey PRIMARY KEY (account_id, terminal_id, device_id),
  CONSTRAINT devices_account_id_terminal_id_fkey FOREIGN KEY (account_id, terminal_id) REFERENCES terminals(account_id, terminal_id),
  CONSTRAINT devices_public_jwk_check CHECK (NOT public_jwk ? 'd'::text)
);
CREATE UNIQUE INDEX one_device_per_terminal ON devices USING btree (account_id, terminal_id) WHERE revoked_at IS NULL;

CREATE TABLE server_processes (
  process_id text COLLATE "C" NOT NULL,
  started_at timestamp with time zone NOT NULL,
  seen_at timestamp with time zone NOT NULL,
  CONSTRAINT server_processes_pkey PRIMARY KEY (process_id)
);

CREATE TABLE terminal_seats (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  occupant_kind text,
  occupant_id text COLLATE "C",
  occupied_at timestamp with time zone,
  connection_epoch bigint NOT NULL DEFAULT 0,
  connected_to text COLLATE "C",
  connected_at timestamp with time zone,
  last_seen_at timestamp with time zone,
  journal_id text COLLATE "C",
  capabilities jsonb,
  store_id text COLLATE "C",
  payout_destination_id text COLLATE "C",
  takes_payments boolean NOT NULL DEFAULT false,
  CONSTRAINT terminal_seats_pkey PRIMARY KEY (account_id, terminal_id),
  CONSTRAINT terminal_seats_account_id_terminal_id_fkey FOREIGN KEY (account_id, terminal_id) REFERENCES terminals(account_id, terminal_id),
  CONSTRAINT connected_in_an_epoch CHECK (connected_to IS NULL OR connection_epoch > 0),
  CONSTRAINT occupied_by_one_thing CHECK (num_nulls(occupant_kind, occupant_id, occupied_at) = ANY (ARRAY[0, 3])),
  CONSTRAINT terminal_seats_occupant_kind_check CHECK (occupant_kind = ANY (ARRAY['prompt'::text, 'reversal'::text, 'operation'::text]))
) WITH (fillfactor=70);

CREATE TABLE payment_profiles (
  account_id text COLLATE "C" NOT NULL,
  profile_id text COLLATE "C" NOT NULL,
  description text NOT NULL,
  configuration jsonb NOT NULL,
  merchant jsonb,
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  deleted_at timestamp with time zone,
  url jsonb,
  checkboxes jsonb,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  created_by text NOT NULL DEFAULT 'tapline'::text,
  updated_by text NOT NULL DEFAULT 'tapline'::text,
  deleted_by text,
  CONSTRAINT payment_profiles_pkey PRIMARY KEY (account_id, profile_id),
  CONSTRAINT payment_profiles_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT default_profile_stays CHECK (profile_id <> 'default'::text OR deleted_at IS NULL),
  CONSTRAINT payment_profiles_profile_id_check CHECK (profile_id = btrim(profile_id) AND profile_id <> ''::text)
);
CREATE INDEX payment_profiles_by_age ON payment_profiles USING btree (account_id, created_at, profile_id) WHERE deleted_at IS NULL;

CREATE TABLE simulated_terminals (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  private_jwk jsonb NOT NULL,
  mode text NOT NULL,
  network text NOT NULL,
  hosted_by text COLLATE "C",
  CONSTRAINT simulated_terminals_pkey PRIMARY KEY (account_id, terminal_id),
  CONSTRAINT simulated_terminals_account_id_terminal_id_fkey FOREIGN KEY (account_id, terminal_id) REFERENCES terminals(account_id, terminal_id),
  CONSTRAINT simulated_terminals_account_id_check CHECK (account_id ~~ 'T%'::text),
  CONSTRAINT simulated_terminals_mode_check CHECK (mode = ANY (ARRAY['auto'::text, 'manual'::text])),
  CONSTRAINT simulated_terminals_network_check CHECK (network = ANY (ARRAY['online'::text, 'offline'::text]))
);

CREATE TABLE simulated_terminal_entries (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  log text NOT NULL,
  "position" bigint NOT NULL,
  entry jsonb NOT NULL,
  CONSTRAINT simulated_terminal_entries_pkey PRIMARY KEY (account_id, terminal_id, log, "position"),
  CONSTRAINT simulated_terminal_entries_account_id_terminal_id_fkey FOREIGN KEY (account_id, terminal_id) REFERENCES simulated_terminals(account_id, terminal_id),
  CONSTRAINT simulated_terminal_entries_log_check CHECK (log = ANY (ARRAY['journal'::text, 'host'::text]))
);

CREATE TABLE sessions (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  profile_id text COLLATE "C",
  transaction_id text COLLATE "C",
  merchant_reference text NOT NULL,
  url jsonb NOT NULL,
  "order" jsonb NOT NULL,
  configuration jsonb NOT NULL,
  members jsonb NOT NULL,
  request_headers jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  cancelled_at timestamp with time zone,
  cancelled_by text,
  event_count integer NOT NULL DEFAULT 1,
  CONSTRAINT sessions_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT cancelled_by_someone CHECK (num_nulls(cancelled_at, cancelled_by) = ANY (ARRAY[0, 2])),
  CONSTRAINT expires_after_creation CHECK (expires_at > created_at)
);
CREATE INDEX sessions_by_reference ON sessions USING btree (account_id, merchant_reference, id);
CREATE INDEX sessions_by_words ON sessions USING gin (session_words(account_id, members, "order")) WITH (fastupdate=off) WHERE members ? 'customer'::text OR "order" ?| '{billing_address,shipping_address,merchant_reference_2}'::text[];

CREATE TABLE session_events (
  account_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  id integer NOT NULL,
  name text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  request_id text,
  details jsonb,
  CONSTRAINT session_events_pkey PRIMARY KEY (account_id, session_id, id),
  CONSTRAINT session_events_id_check CHECK (id > 0)
);

CREATE TABLE transactions (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  amount integer NOT NULL,
  currency text NOT NULL,
  status text NOT NULL,
  channel text NOT NULL,
  merchant_reference text NOT NULL,
  merchant_reference_2 text,
  store_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  payout_destination_id text COLLATE "C" NOT NULL,
  authorized_amount integer NOT NULL DEFAULT 0,
  captured_amount integer NOT NULL DEFAULT 0,
  refunded_amount integer NOT NULL DEFAULT 0,
  voided_amount integer NOT NULL DEFAULT 0,
  reserved_refund_amount integer NOT NULL DEFAULT 0,
  card jsonb,
  event_count integer NOT NULL DEFAULT 1,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  settled_captured_amount integer NOT NULL DEFAULT 0,
  settled_refunded_amount integer NOT NULL DEFAULT 0,
  sequence integer NOT NULL DEFAULT 1,
  CONSTRAINT transactions_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT one_transaction_per_session UNIQUE (account_id, session_id),
  CONSTRAINT amounts_in_order CHECK (refunded_amount >= 0 AND reserved_refund_amount >= 0 AND voided_amount >= 0 AND (refunded_amount + reserved_refund_amount) <= captured_amount AND (captured_amount + voided_amount) <= authorized_amount AND (authorized_amount = 0 OR authorized_amount = amount)),
  CONSTRAINT settled_no_more_than_moved CHECK (settled_captured_amount >= 0 AND settled_captured_amount <= captured_amount AND settled_refunded_amount >= 0 AND settled_refunded_amount <= refunded_amount),
  CONSTRAINT status_follows_from_amounts CHECK (
  CASE
      WHEN authorized_amount = 0 THEN status = ANY (ARRAY['INITIATED'::text, 'DECLINED'::text, 'FAILED'::text, 'UNKNOWN'::text])
      WHEN captured_amount = 0 AND voided_amount > 0 THEN status = 'AUTHORIZATION_VOIDED'::text
      WHEN captured_amount = 0 THEN status = 'AUTHORIZED'::text
      WHEN refunded_amount = 0 AND captured_amount = authorized_amount THEN status = 'CAPTURED'::text
      WHEN refunded_amount = 0 THEN status = 'PARTIALLY_CAPTURED'::text
      WHEN refunded_amount = captured_amount AND captured_amount = authorized_amount THEN status = 'REFUNDED'::text
      WHEN captured_amount = authorized_amount THEN status = 'PARTIALLY_REFUNDED'::text
      ELSE status = 'PARTIALLY_CAPTURED_REFUNDED'::text
  END),
  CONSTRAINT transactions_amount_check CHECK (amount > 0),
  CONSTRAINT transactions_channel_check CHECK (channel = ANY (ARRAY['ecommerce'::text, 'in_app'::text, 'in_store'::text])),
  CONSTRAINT transactions_currency_check CHECK (currency ~ '^[A-Z]{3}$'::text)
);
CREATE INDEX authorizations_by_age ON transactions USING btree (created_at) WHERE authorized_amount > (captured_amount + voided_amount);
CREATE INDEX authorizations_by_terminal ON transactions USING btree (account_id, terminal_id) WHERE authorized_amount > (captured_amount + voided_amount);
CREATE INDEX transactions_by_reference ON transactions USING btree (account_id, merchant_reference, id);
CREATE INDEX transactions_by_second_reference ON transactions USING btree (account_id, "left"(merchant_reference_2, 500), id) WHERE merchant_reference_2 IS NOT NULL;
CREATE INDEX transactions_by_terminal ON transactions USING btree (account_id, terminal_id, id);
CREATE INDEX unsettled_transactions ON transactions USING btree (account_id, created_at, id) WHERE captured_amount <> settled_captured_amount OR refunded_amount <> settled_refunded_amount;

CREATE TABLE transaction_events (
  account_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  id integer NOT NULL,
  event text NOT NULL,
  transaction_status text NOT NULL,
  success boolean NOT NULL,
  amount integer,
  items jsonb,
  created_at timestamp with time zone NOT NULL,
  created_by text,
  request_id text,
  correlation_request_id text,
  event_reference text,
  metadata jsonb,
  error jsonb,
  correction jsonb,
  request_headers jsonb,
  settlements jsonb,
  CONSTRAINT transaction_events_pkey PRIMARY KEY (account_id, transaction_id, id),
  CONSTRAINT failure_has_its_error CHECK (success = (error IS NULL)),
  CONSTRAINT transaction_events_event_check CHECK (event = ANY (ARRAY['INITIALIZE'::text, 'AUTHORIZE'::text, 'CAPTURE'::text, 'REFUND'::text, 'VOID'::text, 'INITIATE_REFUND'::text, 'INITIATE_VOID'::text, 'INITIATE_CAPTURE'::text, 'SETTLEMENT'::text])),
  CONSTRAINT transaction_events_id_check CHECK (id > 0)
);
CREATE UNIQUE INDEX one_outcome_per_request ON transaction_events USING btree (account_id, transaction_id, correlation_request_id) WHERE correlation_request_id IS NOT NULL;
CREATE INDEX transaction_events_by_payout ON transaction_events USING btree (account_id, (metadata ->> 'payout_correlation_id'::text), transaction_id) WHERE (metadata ->> 'payout_correlation_id'::text) IS NOT NULL;
CREATE INDEX transaction_events_by_time ON transaction_events USING btree (account_id, event, created_at, transaction_id) WHERE success AND (event = ANY (ARRAY['CAPTURE'::text, 'REFUND'::text]));

CREATE TABLE prompts (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  amount integer NOT NULL,
  currency text NOT NULL,
  status text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  deadline_at timestamp with time zone NOT NULL,
  sent_at timestamp with time zone,
  sent_epoch bigint,
  sent_journal_id text COLLATE "C",
  shown_at timestamp with time zone,
  card_presented_at timestamp with time zone,
  stop_asked_at timestamp with time zone,
  cancel_asked_at timestamp with time zone,
  cancel_asked_by text,
  unresolved_at timestamp with time zone,
  finished_at timestamp with time zone,
  CONSTRAINT prompts_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT cancel_asked_by_someone CHECK (num_nulls(cancel_asked_at, cancel_asked_by) = ANY (ARRAY[0, 2])),
  CONSTRAINT finished_when_final CHECK ((finished_at IS NOT NULL) = (status = ANY (ARRAY['APPROVED'::text, 'DECLINED'::text, 'CANCELLED'::text, 'EXPIRED'::text, 'FAILED'::text]))),
  CONSTRAINT never_sent_while_pending CHECK ((status <> ALL (ARRAY['WAITING'::text, 'PENDING'::text])) OR sent_at IS NULL),
  CONSTRAINT processing_has_its_card CHECK (status <> 'PROCESSING'::text OR card_presented_at IS NOT NULL),
  CONSTRAINT prompts_amount_check CHECK (amount > 0),
  CONSTRAINT prompts_kind_check CHECK (kind = ANY (ARRAY['purchase'::text, 'authorize'::text, 'refund'::text])),
  CONSTRAINT prompts_status_check CHECK (status = ANY (ARRAY['WAITING'::text, 'PENDING'::text, 'SENT'::text, 'SHOWN'::text, 'PROCESSING'::text, 'UNRESOLVED'::text, 'APPROVED'::text, 'DECLINED'::text, 'CANCELLED'::text, 'EXPIRED'::text, 'FAILED'::text])),
  CONSTRAINT sent_before_it_was_answered CHECK ((status <> ALL (ARRAY['SENT'::text, 'SHOWN'::text, 'PROCESSING'::text, 'UNRESOLVED'::text, 'APPROVED'::text, 'DECLINED'::text])) OR sent_at IS NOT NULL),
  CONSTRAINT sent_whole CHECK (num_nulls(sent_at, sent_epoch, sent_journal_id) = ANY (ARRAY[0, 3])),
  CONSTRAINT shown_has_its_time CHECK (status <> 'SHOWN'::text OR shown_at IS NOT NULL),
  CONSTRAINT waiting_is_for_refunds CHECK (status <> 'WAITING'::text OR kind = 'refund'::text)
) WITH (fillfactor=80);
CREATE INDEX approved_prompts_by_terminal ON prompts USING btree (account_id, terminal_id, finished_at) WHERE status = 'APPROVED'::text;
CREATE UNIQUE INDEX one_live_prompt_per_terminal ON prompts USING btree (account_id, terminal_id) WHERE status = ANY (ARRAY['PENDING'::text, 'SENT'::text, 'SHOWN'::text, 'PROCESSING'::text]);
CREATE UNIQUE INDEX one_payment_prompt_per_session ON prompts USING btree (account_id, session_id) WHERE kind = ANY (ARRAY['purchase'::text, 'authorize'::text]);
CREATE INDEX open_prompts_by_deadline ON prompts USING btree (deadline_at) WHERE status = ANY (ARRAY['WAITING'::text, 'PENDING'::text, 'SENT'::text, 'SHOWN'::text, 'PROCESSING'::text, 'UNRESOLVED'::text]);
CREATE INDEX unresolved_prompts_by_age ON prompts USING btree (unresolved_at) WHERE status = 'UNRESOLVED'::text;
CREATE INDEX unresolved_prompts_by_terminal ON prompts USING btree (account_id, terminal_id) WHERE status = 'UNRESOLVED'::text;
CREATE INDEX waiting_prompts_by_terminal ON prompts USING btree (account_id, terminal_id, created_at, id) WHERE status = 'WAITING'::text;

CREATE TABLE terminal_results (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  journal_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  prompt_id text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  received_at timestamp with time zone NOT NULL,
  frame jsonb NOT NULL,
  verdict text NOT NULL,
  CONSTRAINT terminal_results_pkey PRIMARY KEY (account_id, terminal_id, journal_id, sequence),
  CONSTRAINT terminal_results_sequence_check CHECK (sequence > 0),
  CONSTRAINT terminal_results_verdict_check CHECK (verdict = ANY (ARRAY['applied'::text, 'late'::text, 'orphan'::text, 'foreign'::text, 'contradiction'::text, 'backwards'::text, 'unreadable'::text]))
);
CREATE INDEX terminal_results_by_prompt ON terminal_results USING btree (account_id, prompt_id);

CREATE TABLE deliveries (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  session_id text COLLATE "C",
  transaction_id text COLLATE "C",
  transaction_event_id integer,
  method text NOT NULL,
  url text NOT NULL,
  body text,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamp with time zone NOT NULL,
  last_answer text,
  created_at timestamp with time zone NOT NULL,
  finished_at timestamp with time zone,
  lane_id text COLLATE "C" NOT NULL,
  hook_id text COLLATE "C",
  event_position bigint,
  tries integer NOT NULL DEFAULT 0,
  CONSTRAINT deliveries_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT callback_whole CHECK (kind <> 'callback'::text OR session_id IS NOT NULL AND num_nonnulls(hook_id, event_position) = 0 AND (body IS NOT NULL) = (method = 'POST'::text)),
  CONSTRAINT deliveries_kind_check CHECK (kind = ANY (ARRAY['callback'::text, 'webhook'::text])),
  CONSTRAINT deliveries_method_check CHECK (method = ANY (ARRAY['GET'::text, 'POST'::text])),
  CONSTRAINT deliveries_status_check CHECK (status = ANY (ARRAY['PENDING'::text, 'DELIVERED'::text, 'REFUSED'::text, 'EXHAUSTED'::text])),
  CONSTRAINT delivery_finished_when_ended CHECK ((finished_at IS NULL) = (status = 'PENDING'::text)),
  CONSTRAINT webhook_whole CHECK (kind <> 'webhook'::text OR num_nulls(hook_id, event_position) = 0 AND method = 'POST'::text AND body IS NULL)
);
CREATE INDEX deliveries_by_session ON deliveries USING btree (account_id, session_id);
CREATE INDEX ended_callbacks ON deliveries USING btree (finished_at) WHERE kind = 'callback'::text;
CREATE UNIQUE INDEX one_delivery_per_event ON deliveries USING btree (account_id, hook_id, event_position) WHERE hook_id IS NOT NULL;
CREATE INDEX pending_deliveries ON deliveries USING btree (account_id, lane_id, due_at, event_position) WHERE status = 'PENDING'::text;
CREATE INDEX pending_deliveries_in_order ON deliveries USING btree (account_id, lane_id, event_position) WHERE status = 'PENDING'::text AND event_position IS NOT NULL;

CREATE TABLE reversals (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  prompt_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  journal_id text COLLATE "C" NOT NULL,
  amount integer NOT NULL,
  currency text NOT NULL,
  status text NOT NULL,
  reason text,
  issued_at timestamp with time zone NOT NULL,
  sent_at timestamp with time zone,
  sent_epoch bigint,
  finished_at timestamp with time zone,
  unresolved_at timestamp with time zone,
  CONSTRAINT reversals_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT one_reversal_per_prompt UNIQUE (account_id, prompt_id),
  CONSTRAINT reversal_finished_when_ended CHECK ((finished_at IS NOT NULL) = (status = ANY (ARRAY['REVERSED'::text, 'REFUSED'::text]))),
  CONSTRAINT reversal_sent_whole CHECK (num_nulls(sent_at, sent_epoch) = ANY (ARRAY[0, 2])),
  CONSTRAINT reversals_amount_check CHECK (amount > 0),
  CONSTRAINT reversals_status_check CHECK (status = ANY (ARRAY['ISSUED'::text, 'SENT'::text, 'REVERSED'::text, 'REFUSED'::text, 'UNRESOLVED'::text]))
);
CREATE INDEX open_reversals_by_terminal ON reversals USING btree (account_id, terminal_id) WHERE status = ANY (ARRAY['ISSUED'::text, 'SENT'::text, 'UNRESOLVED'::text]);

CREATE TABLE incidents (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C",
  session_id text COLLATE "C",
  transaction_id text COLLATE "C",
  prompt_id text COLLATE "C",
  details jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  decided_at timestamp with time zone,
  decided_by text,
  outcome text,
  reason text,
  CONSTRAINT incidents_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT one_incident_per_subject UNIQUE (account_id, kind, subject),
  CONSTRAINT decided_whole CHECK (num_nulls(decided_at, decided_by, outcome, reason) = ANY (ARRAY[0, 4])),
  CONSTRAINT incidents_kind_check CHECK (kind = ANY (ARRAY['UNRESOLVED_PAYMENT'::text, 'JOURNAL_LOST'::text, 'ORPHAN_RESULT'::text, 'FOREIGN_RESULT'::text, 'SEQUENCE_BACKWARDS'::text, 'CONTRADICTION'::text, 'WRONG_AMOUNT'::text, 'CARD_NUMBER'::text, 'UNREADABLE_RESULT'::text, 'REVERSAL_REFUSED'::text, 'REVERSAL_UNRESOLVED'::text, 'ADVICE_UNANSWERED'::text, 'SEQUENCE_GAP'::text, 'DELETED_WITH_OPEN_WORK'::text, 'DELIVERY_EXHAUSTED'::text, 'RECEIVER_FAILING'::text])),
  CONSTRAINT incidents_outcome_check CHECK (outcome = ANY (ARRAY['paid'::text, 'not_paid'::text, 'settled'::text, 'accepted'::text, 'refused'::text]))
);
CREATE INDEX incidents_by_terminal ON incidents USING btree (account_id, terminal_id, id);
CREATE INDEX incidents_by_transaction ON incidents USING btree (account_id, transaction_id);
CREATE INDEX open_incidents ON incidents USING btree (account_id, id) WHERE decided_at IS NULL;

CREATE TABLE idempotency_keys (
  account_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  operation text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  request_sha256 text COLLATE "C" NOT NULL,
  answer jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT one_answer_per_key PRIMARY KEY (account_id, client_id, operation, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING btree (created_at);

CREATE TABLE clock_steps (
  seen_at timestamp with time zone NOT NULL,
  step_ms bigint NOT NULL
);

CREATE TABLE refunds (
  account_id text COLLATE "C" NOT NULL,
  prompt_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  request_id text NOT NULL,
  amount integer NOT NULL,
  items jsonb,
  event_reference text,
  reason text,
  metadata jsonb,
  requested_by text NOT NULL,
  original_unique_id text,
  outcome text,
  told_at timestamp with time zone,
  reserved_amount integer NOT NULL,
  CONSTRAINT refunds_pkey PRIMARY KEY (account_id, prompt_id),
  CONSTRAINT refunds_account_id_prompt_id_fkey FOREIGN KEY (account_id, prompt_id) REFERENCES prompts(account_id, id),
  CONSTRAINT nothing_reserved_once_paid_back CHECK (outcome <> 'SUCCEEDED'::text OR reserved_amount = 0),
  CONSTRAINT refunds_amount_check CHECK (amount > 0),
  CONSTRAINT refunds_outcome_check CHECK (outcome = ANY (ARRAY['SUCCEEDED'::text, 'FAILED'::text])),
  CONSTRAINT reserved_until_told CHECK (outcome IS NOT NULL OR reserved_amount = amount),
  CONSTRAINT reserved_whole_or_not CHECK (reserved_amount = 0 OR reserved_amount = amount),
  CONSTRAINT told_whole CHECK (num_nulls(outcome, told_at) = ANY (ARRAY[0, 2]))
);
CREATE INDEX refunds_by_transaction ON refunds USING btree (account_id, transaction_id);

CREATE TABLE advices (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  prompt_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  amount integer NOT NULL,
  currency text NOT NULL,
  status text NOT NULL,
  request_id text NOT NULL,
  requested_by text NOT NULL,
  request_headers jsonb NOT NULL,
  initiated boolean NOT NULL DEFAULT false,
  cancels_session boolean NOT NULL DEFAULT false,
  items jsonb,
  event_reference text,
  metadata jsonb,
  reason text,
  created_at timestamp with time zone NOT NULL,
  sent_at timestamp with time zone,
  sent_epoch bigint,
  finished_at timestamp with time zone,
  CONSTRAINT advices_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT advices_account_id_prompt_id_fkey FOREIGN KEY (account_id, prompt_id) REFERENCES prompts(account_id, id),
  CONSTRAINT advice_finished_when_ended CHECK ((finished_at IS NOT NULL) = (status = ANY (ARRAY['ACCEPTED'::text, 'REFUSED'::text]))),
  CONSTRAINT advice_sent_whole CHECK (num_nulls(sent_at, sent_epoch) = ANY (ARRAY[0, 2])),
  CONSTRAINT advices_amount_check CHECK (amount > 0),
  CONSTRAINT advices_kind_check CHECK (kind = ANY (ARRAY['capture'::text, 'void'::text, 'lapse'::text])),
  CONSTRAINT advices_status_check CHECK (status = ANY (ARRAY['DUE'::text, 'SENT'::text, 'ACCEPTED'::text, 'REFUSED'::text])),
  CONSTRAINT only_a_void_cancels CHECK (NOT cancels_session OR kind = 'void'::text)
);
CREATE INDEX accepted_advices_by_terminal ON advices USING btree (account_id, terminal_id, finished_at) WHERE status = 'ACCEPTED'::text;
CREATE INDEX advices_by_transaction ON advices USING btree (account_id, transaction_id);
CREATE UNIQUE INDEX one_open_advice_per_transaction ON advices USING btree (account_id, transaction_id) WHERE status = ANY (ARRAY['DUE'::text, 'SENT'::text]);
CREATE INDEX open_advices_by_age ON advices USING btree (created_at) WHERE status = ANY (ARRAY['DUE'::text, 'SENT'::text]);
CREATE INDEX open_advices_by_terminal ON advices USING btree (account_id, terminal_id) WHERE status = ANY (ARRAY['DUE'::text, 'SENT'::text]);

CREATE TABLE account_changes (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  changed_at timestamp with time zone NOT NULL,
  changed_by text NOT NULL,
  entity text NOT NULL,
  entity_id text COLLATE "C" NOT NULL,
  action text NOT NULL,
  change jsonb NOT NULL,
  CONSTRAINT account_changes_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT account_changes_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT account_changes_action_check CHECK (action = ANY (ARRAY['created'::text, 'updated'::text, 'deleted'::text, 'rotated'::text, 'paired'::text, 'revoked'::text, 'invited'::text, 'accepted'::text])),
  CONSTRAINT account_changes_entity_check CHECK (entity = ANY (ARRAY['account'::text, 'client'::text, 'grant'::text, 'payout_destination'::text, 'store'::text, 'terminal'::text, 'device'::text, 'profile'::text, 'signature'::text, 'user'::text, 'api_key'::text, 'hook'::text]))
);
CREATE INDEX account_changes_by_entity ON account_changes USING btree (account_id, entity, entity_id, id);

CREATE TABLE client_secrets (
  account_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  secret_sha256 bytea NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  retires_at timestamp with time zone,
  CONSTRAINT client_secrets_pkey PRIMARY KEY (account_id, client_id, id),
  CONSTRAINT client_secrets_account_id_client_id_fkey FOREIGN KEY (account_id, client_id) REFERENCES api_clients(account_id, id),
  CONSTRAINT client_secrets_secret_sha256_check CHECK (length(secret_sha256) = 32)
);

CREATE TABLE client_grants (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  audience text NOT NULL,
  scope text[] NOT NULL,
  type text NOT NULL,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  updated_at timestamp with time zone,
  updated_by text,
  deleted_at timestamp with time zone,
  deleted_by text,
  CONSTRAINT client_grants_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT client_grants_account_id_client_id_fkey FOREIGN KEY (account_id, client_id) REFERENCES api_clients(account_id, id),
  CONSTRAINT client_grants_scope_check CHECK (cardinality(scope) > 0),
  CONSTRAINT client_grants_type_check CHECK (type = ANY (ARRAY['any'::text, 'client_credentials'::text, 'authorization_code'::text, 'password'::text, 'account_user_token'::text, 'refresh_token'::text, 'mfa-oob'::text]))
);
CREATE INDEX client_grants_by_client ON client_grants USING btree (account_id, client_id);
CREATE INDEX client_grants_newest_first ON client_grants USING btree (account_id, created_at, id);

CREATE UNLOGGED TABLE wrong_secrets (
  client_sha256 bytea NOT NULL,
  since timestamp with time zone NOT NULL,
  count integer NOT NULL,
  CONSTRAINT wrong_secrets_pkey PRIMARY KEY (client_sha256)
);

CREATE TABLE pairing_codes (
  account_id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  code_scrypt bytea NOT NULL,
  device_serial_number text NOT NULL,
  asked_by text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  wrong_tries integer NOT NULL DEFAULT 0,
  CONSTRAINT pairing_codes_pkey PRIMARY KEY (account_id, terminal_id),
  CONSTRAINT pairing_codes_account_id_terminal_id_fkey FOREIGN KEY (account_id, terminal_id) REFERENCES terminals(account_id, terminal_id),
  CONSTRAINT code_expires_after_it_was_made CHECK (expires_at > created_at),
  CONSTRAINT pairing_codes_code_scrypt_check CHECK (length(code_scrypt) = 32)
);
CREATE INDEX pairing_codes_by_code ON pairing_codes USING btree (code_scrypt);
CREATE INDEX pairing_codes_by_serial_number ON pairing_codes USING btree (device_serial_number);

CREATE TABLE account_configurations (
  account_id text COLLATE "C" NOT NULL,
  configuration jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  updated_by text NOT NULL,
  CONSTRAINT account_configurations_pkey PRIMARY KEY (account_id),
  CONSTRAINT account_configurations_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id)
);

CREATE TABLE signature_secrets (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  secret text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT signature_secrets_pkey PRIMARY KEY (account_id),
  CONSTRAINT signature_secrets_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT signature_secrets_secret_check CHECK (length(secret) >= 43)
);

CREATE TABLE terminal_operations (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  terminal_id text COLLATE "C" NOT NULL,
  operation text NOT NULL,
  parameters jsonb,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  status text NOT NULL,
  result jsonb,
  reason text,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  updated_at timestamp with time zone,
  updated_by text,
  deadline_at timestamp with time zone NOT NULL,
  sent_at timestamp with time zone,
  sent_epoch bigint,
  answer jsonb,
  answered_at timestamp with time zone,
  waits boolean NOT NULL DEFAULT false,
  CONSTRAINT terminal_operations_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT terminal_operations_account_id_terminal_id_fkey FOREIGN KEY (account_id, terminal_id) REFERENCES terminals(account_id, terminal_id),
  CONSTRAINT operation_answered_whole CHECK (num_nulls(answer, answered_at) = ANY (ARRAY[0, 2])),
  CONSTRAINT operation_changed_when_ended CHECK (num_nulls(updated_at, updated_by) =
  CASE
      WHEN status = 'PENDING'::text THEN 2
      ELSE 0
  END),
  CONSTRAINT operation_sent_whole CHECK (num_nulls(sent_at, sent_epoch) = ANY (ARRAY[0, 2])),
  CONSTRAINT reason_when_failed CHECK ((reason IS NOT NULL) = (status = 'FAILED'::text)),
  CONSTRAINT result_when_completed CHECK ((result IS NOT NULL) = (status = 'COMPLETED'::text)),
  CONSTRAINT terminal_operations_operation_check CHECK (operation = ANY (ARRAY['end_of_day'::text, 'send_logs'::text, 'check_update'::text, 'open_menu'::text])),
  CONSTRAINT terminal_operations_status_check CHECK (status = ANY (ARRAY['PENDING'::text, 'COMPLETED'::text, 'FAILED'::text, 'TIMEOUT'::text])),
  CONSTRAINT what_waits_was_not_sent CHECK (NOT (waits AND sent_at IS NOT NULL))
);
CREATE UNIQUE INDEX one_pending_operation_per_terminal ON terminal_operations USING btree (account_id, terminal_id) WHERE status = 'PENDING'::text AND NOT waits;
CREATE UNIQUE INDEX one_waiting_operation_per_terminal ON terminal_operations USING btree (account_id, terminal_id) WHERE status = 'PENDING'::text AND waits;
CREATE INDEX pending_operations_by_deadline ON terminal_operations USING btree (deadline_at) WHERE status = 'PENDING'::text;
CREATE INDEX terminal_operations_by_terminal ON terminal_operations USING btree (account_id, terminal_id, created_at, id);
CREATE INDEX terminal_operations_newest_first ON terminal_operations USING btree (account_id, created_at, id);

CREATE TABLE users (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  email text NOT NULL,
  email_key text COLLATE "C" NOT NULL,
  name text,
  role text NOT NULL,
  password_scrypt text,
  otp_secret bytea,
  otp_last_step bigint,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  updated_at timestamp with time zone,
  updated_by text,
  deleted_at timestamp with time zone,
  deleted_by text,
  CONSTRAINT users_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT users_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT password_and_code_together CHECK ((password_scrypt IS NULL) = (otp_secret IS NULL)),
  CONSTRAINT removed_users_have_no_password CHECK (deleted_at IS NULL OR password_scrypt IS NULL),
  CONSTRAINT users_otp_secret_check CHECK (length(otp_secret) = 20),
  CONSTRAINT users_role_check CHECK (role = ANY (ARRAY['owner'::text, 'manager'::text, 'cashier'::text, 'read_only'::text]))
);
CREATE UNIQUE INDEX one_user_per_email ON users USING btree (account_id, email_key) WHERE deleted_at IS NULL;
CREATE INDEX users_newest_first ON users USING btree (account_id, created_at, id);

CREATE TABLE user_invitations (
  account_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  token_sha256 bytea NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  password_scrypt text,
  otp_secret bytea,
  CONSTRAINT user_invitations_pkey PRIMARY KEY (account_id, user_id),
  CONSTRAINT user_invitations_token_sha256_key UNIQUE (token_sha256),
  CONSTRAINT user_invitations_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES users(account_id, id),
  CONSTRAINT invitation_expires_after_it_was_made CHECK (expires_at > created_at),
  CONSTRAINT password_and_code_together CHECK ((password_scrypt IS NULL) = (otp_secret IS NULL)),
  CONSTRAINT user_invitations_otp_secret_check CHECK (length(otp_secret) = 20),
  CONSTRAINT user_invitations_token_sha256_check CHECK (length(token_sha256) = 32)
);

CREATE TABLE mfa_tokens (
  token_sha256 bytea NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT mfa_tokens_pkey PRIMARY KEY (token_sha256),
  CONSTRAINT mfa_tokens_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES users(account_id, id),
  CONSTRAINT mfa_tokens_token_sha256_check CHECK (length(token_sha256) = 32)
);
CREATE INDEX mfa_tokens_by_user ON mfa_tokens USING btree (account_id, user_id);

CREATE TABLE sign_ins (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  address_sha256 bytea NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  CONSTRAINT sign_ins_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT sign_ins_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES users(account_id, id),
  CONSTRAINT sign_ins_address_sha256_check CHECK (length(address_sha256) = 32)
);
CREATE INDEX sign_ins_by_expiry ON sign_ins USING btree (expires_at);
CREATE INDEX sign_ins_by_user ON sign_ins USING btree (account_id, user_id);

CREATE TABLE refresh_tokens (
  token_sha256 bytea NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  sign_in_id text COLLATE "C" NOT NULL,
  created_at timestamp with time zone NOT NULL,
  used_at timestamp with time zone,
  CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_sha256),
  CONSTRAINT refresh_tokens_account_id_sign_in_id_fkey FOREIGN KEY (account_id, sign_in_id) REFERENCES sign_ins(account_id, id) ON DELETE CASCADE,
  CONSTRAINT refresh_tokens_token_sha256_check CHECK (length(token_sha256) = 32)
);
CREATE INDEX refresh_tokens_by_sign_in ON refresh_tokens USING btree (account_id, sign_in_id);

CREATE UNLOGGED TABLE wrong_tries (
  subject_sha256 bytea NOT NULL,
  count integer NOT NULL,
  last_at timestamp with time zone NOT NULL,
  waits_until timestamp with time zone NOT NULL,
  CONSTRAINT wrong_tries_pkey PRIMARY KEY (subject_sha256)
);

CREATE TABLE settlement_calendars (
  account_id text COLLATE "C" NOT NULL,
  time_zone text NOT NULL DEFAULT 'Europe/Oslo'::text,
  settled_until timestamp with time zone,
  day_ends_at timestamp with time zone,
  due_at timestamp with time zone NOT NULL,
  CONSTRAINT settlement_calendars_pkey PRIMARY KEY (account_id),
  CONSTRAINT settlement_calendars_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id) ON DELETE CASCADE,
  CONSTRAINT day_ends_after_it_began CHECK (day_ends_at > settled_until)
);
CREATE INDEX settlement_calendars_by_due ON settlement_calendars USING btree (due_at);

CREATE TABLE settlements (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  payout_destination_id text COLLATE "C" NOT NULL,
  store_id text COLLATE "C" NOT NULL,
  start_at timestamp with time zone NOT NULL,
  end_at timestamp with time zone NOT NULL,
  provider_reference text COLLATE "C" NOT NULL,
  is_test boolean NOT NULL DEFAULT false,
  payment_status text NOT NULL DEFAULT 'postponed'::text,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  settled_at timestamp with time zone,
  CONSTRAINT settlements_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT settlements_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT settlement_ends_after_it_began CHECK (end_at > start_at),
  CONSTRAINT settlements_payment_status_check CHECK (payment_status = ANY (ARRAY['paid'::text, 'postponed'::text])),
  CONSTRAINT test_settlements_of_test_accounts CHECK (NOT is_test OR account_id ~~ 'T%'::text)
);
CREATE UNIQUE INDEX one_settlement_per_day ON settlements USING btree (account_id, payout_destination_id, store_id, start_at) WHERE NOT is_test;
CREATE INDEX settlements_being_made ON settlements USING btree (account_id) WHERE settled_at IS NULL;
CREATE INDEX settlements_by_reference ON settlements USING btree (account_id, provider_reference);
CREATE INDEX settlements_by_seller ON settlements USING btree (account_id, payout_destination_id, settled_at, id) WHERE settled_at IS NOT NULL;
CREATE INDEX settlements_newest_first ON settlements USING btree (account_id, settled_at, id) WHERE settled_at IS NOT NULL;

CREATE TABLE settlement_amounts (
  account_id text COLLATE "C" NOT NULL,
  settlement_id text COLLATE "C" NOT NULL,
  currency text NOT NULL,
  capture bigint NOT NULL,
  refund bigint NOT NULL,
  fee bigint NOT NULL DEFAULT 0,
  CONSTRAINT settlement_amounts_pkey PRIMARY KEY (account_id, settlement_id, currency),
  CONSTRAINT settlement_amounts_account_id_settlement_id_fkey FOREIGN KEY (account_id, settlement_id) REFERENCES settlements(account_id, id),
  CONSTRAINT settlement_amounts_capture_check CHECK (capture >= 0),
  CONSTRAINT settlement_amounts_currency_check CHECK (currency ~ '^[A-Z]{3}$'::text),
  CONSTRAINT settlement_amounts_fee_check CHECK (fee >= 0),
  CONSTRAINT settlement_amounts_refund_check CHECK (refund >= 0)
);

CREATE TABLE settlement_items (
  account_id text COLLATE "C" NOT NULL,
  settlement_id text COLLATE "C" NOT NULL,
  created_at timestamp with time zone NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  event_id integer NOT NULL,
  event text NOT NULL,
  amount integer NOT NULL,
  currency text NOT NULL,
  is_test boolean NOT NULL DEFAULT false,
  CONSTRAINT settlement_items_pkey PRIMARY KEY (account_id, settlement_id, created_at, transaction_id, event_id),
  CONSTRAINT settlement_items_account_id_settlement_id_fkey FOREIGN KEY (account_id, settlement_id) REFERENCES settlements(account_id, id),
  CONSTRAINT settlement_items_amount_check CHECK (amount > 0),
  CONSTRAINT settlement_items_event_check CHECK (event = ANY (ARRAY['CAPTURE'::text, 'REFUND'::text]))
);
CREATE UNIQUE INDEX an_event_is_settled_once ON settlement_items USING btree (account_id, transaction_id, event_id) WHERE NOT is_test;

CREATE TABLE api_keys (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  scope text[] NOT NULL,
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  expires_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  updated_at timestamp with time zone,
  updated_by text,
  deleted_at timestamp with time zone,
  deleted_by text,
  CONSTRAINT api_keys_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT api_keys_account_id_client_id_fkey FOREIGN KEY (account_id, client_id) REFERENCES api_clients(account_id, client_id),
  CONSTRAINT api_keys_scope_check CHECK (cardinality(scope) > 0)
);
CREATE INDEX api_keys_newest_first ON api_keys USING btree (account_id, created_at, id);
CREATE INDEX good_api_keys_newest_first ON api_keys USING btree (account_id, created_at, id) WHERE deleted_at IS NULL;

CREATE TABLE api_key_secrets (
  key_sha256 bytea NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  api_key_id text COLLATE "C" NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  retires_at timestamp with time zone,
  CONSTRAINT api_key_secrets_pkey PRIMARY KEY (key_sha256),
  CONSTRAINT api_key_secrets_account_id_api_key_id_fkey FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys(account_id, id),
  CONSTRAINT api_key_secrets_key_sha256_check CHECK (length(key_sha256) = 32)
);
CREATE INDEX api_key_secrets_by_key ON api_key_secrets USING btree (account_id, api_key_id);

CREATE TABLE pairing_requests (
  pairing_id text COLLATE "C" NOT NULL,
  code_scrypt bytea NOT NULL,
  public_jwk jsonb NOT NULL,
  serial_number text NOT NULL,
  model text NOT NULL,
  address text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  account_id text COLLATE "C",
  terminal_id text COLLATE "C",
  claimed_by text,
  claimed_at timestamp with time zone,
  device_id text COLLATE "C",
  CONSTRAINT pairing_requests_pkey PRIMARY KEY (pairing_id),
  CONSTRAINT pairing_requests_code_scrypt_key UNIQUE (code_scrypt),
  CONSTRAINT pairing_requests_account_id_terminal_id_fkey FOREIGN KEY (account_id, terminal_id) REFERENCES terminals(account_id, terminal_id),
  CONSTRAINT claimed_whole CHECK (num_nulls(account_id, terminal_id, claimed_by, claimed_at) = ANY (ARRAY[0, 4])),
  CONSTRAINT paired_after_it_was_claimed CHECK (device_id IS NULL OR account_id IS NOT NULL),
  CONSTRAINT pairing_requests_code_scrypt_check CHECK (length(code_scrypt) = 32),
  CONSTRAINT request_expires_after_it_was_made CHECK (expires_at > created_at)
);
CREATE INDEX pairing_requests_by_end ON pairing_requests USING btree (expires_at);

CREATE TABLE event_inbox (
  written bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  session_id text COLLATE "C",
  transaction_id text COLLATE "C",
  sequence integer,
  hook_id text COLLATE "C",
  body text,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT event_inbox_pkey PRIMARY KEY (written),
  CONSTRAINT body_but_for_creation CHECK (body IS NOT NULL OR type = 'checkout_transaction'::text AND sequence = 1)
);

CREATE TABLE events (
  account_id text COLLATE "C" NOT NULL,
  "position" bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  session_id text COLLATE "C",
  transaction_id text COLLATE "C",
  sequence integer,
  hook_id text COLLATE "C",
  body text,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT events_pkey PRIMARY KEY (account_id, "position"),
  CONSTRAINT events_position_check CHECK ("position" > 0)
);
CREATE INDEX events_by_age ON events USING btree (created_at);
CREATE INDEX events_by_session ON events USING btree (account_id, session_id, "position") WHERE session_id IS NOT NULL;

CREATE TABLE event_streams (
  account_id text COLLATE "C" NOT NULL,
  last_position bigint NOT NULL,
  forgotten_position bigint NOT NULL DEFAULT 0,
  forgotten_until timestamp with time zone,
  CONSTRAINT event_streams_pkey PRIMARY KEY (account_id),
  CONSTRAINT event_streams_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id)
);

CREATE TABLE hooks (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  url text NOT NULL,
  secret jsonb,
  insecure_ssl boolean NOT NULL,
  events text[] NOT NULL,
  active boolean NOT NULL,
  fields text,
  exclude_fields text[],
  members jsonb NOT NULL DEFAULT '{}'::jsonb,
  signing_secret text NOT NULL,
  former_signing_secret text,
  former_until timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  updated_by text NOT NULL,
  deleted_at timestamp with time zone,
  deleted_by text,
  CONSTRAINT hooks_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT hooks_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  CONSTRAINT former_secret_whole CHECK (num_nulls(former_signing_secret, former_until) = ANY (ARRAY[0, 2])),
  CONSTRAINT hook_deleted_whole CHECK (num_nulls(deleted_at, deleted_by) = ANY (ARRAY[0, 2])),
  CONSTRAINT hooks_events_check CHECK (cardinality(events) > 0)
);
CREATE INDEX hooks_by_age ON hooks USING btree (account_id, created_at, id);

CREATE TABLE delivery_lanes (
  account_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  hook_id text COLLATE "C",
  held_by text COLLATE "C",
  failures integer NOT NULL DEFAULT 0,
  paused_at timestamp with time zone,
  paused_by text,
  probe_at timestamp with time zone,
  draining boolean NOT NULL DEFAULT false,
  CONSTRAINT delivery_lanes_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT delivery_lanes_account_id_hook_id_fkey FOREIGN KEY (account_id, hook_id) REFERENCES hooks(account_id, id),
  CONSTRAINT paused_whole CHECK (num_nulls(paused_at, paused_by) = ANY (ARRAY[0, 2])),
  CONSTRAINT probed_while_paused CHECK (probe_at IS NULL OR paused_at IS NOT NULL)
);
CREATE INDEX lanes_by_holder ON delivery_lanes USING btree (held_by) WHERE held_by IS NOT NULL;

CREATE TABLE delivery_attempts (
  account_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  try integer NOT NULL,
  started_at timestamp with time zone NOT NULL,
  duration_ms integer NOT NULL,
  request_headers jsonb NOT NULL,
  status integer,
  response_headers jsonb,
  response_body text,
  problem text,
  CONSTRAINT delivery_attempts_pkey PRIMARY KEY (account_id, delivery_id, try),
  CONSTRAINT delivery_attempts_account_id_delivery_id_fkey FOREIGN KEY (account_id, delivery_id) REFERENCES deliveries(account_id, id) ON DELETE CASCADE,
  CONSTRAINT answered_or_not CHECK (num_nonnulls(status, problem) = 1),
  CONSTRAINT delivery_attempts_try_check CHECK (try > 0)
);

CREATE OR REPLACE FUNCTION public.full_name(address jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN lower(COALESCE((((address ->> 'first_name'::text) || ' '::text) || (address ->> 'last_name'::text)), (address ->> 'first_name'::text), (address ->> 'last_name'::text)));

CREATE OR REPLACE FUNCTION public.give_default_profile()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
  VALUES (NEW.account_id, 'default', 'Default', '{}', NEW.created_at, NEW.created_at)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.give_settlement_calendar()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  INSERT INTO settlement_calendars (account_id, due_at) VALUES (NEW.account_id, NEW.created_at) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.iso(moment timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN to_char((moment AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'::text);

CREATE OR REPLACE FUNCTION public.lock_accounts(changed_accounts text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM FROM accounts WHERE account_id = ANY(changed_accounts) ORDER BY account_id FOR NO KEY UPDATE;
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_new_seats()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  accounts text[];
  terminals text[];
BEGIN
  SELECT array_agg(account_id), array_agg(terminal_id) INTO accounts, terminals FROM new_rows;
  PERFORM lock_accounts(accounts);
  PERFORM refresh_seats(accounts, terminals);
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_seats(changed_accounts text[], changed_terminals text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_seats_of_accounts()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_seats_of_sellers()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_seats_of_stores()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refresh_seats_of_terminals()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refuse_forbidden_prompt_step()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.refuse_rewriting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION 'what was recorded stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
END $function$;

CREATE OR REPLACE FUNCTION public.renew_profiles_of_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  UPDATE payment_profiles SET revision = revision + 1 WHERE account_id = NEW.account_id;
  RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.seat_next_waiting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.session_word(account_id text, what text, word text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN hashtextextended((((((account_id || ' '::text) || what) || ' '::text) || word) COLLATE "C"), (0)::bigint);

CREATE OR REPLACE FUNCTION public.session_words(account_id text, members jsonb, bought jsonb)
 RETURNS bigint[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN array_remove(ARRAY[session_word(account_id, 'customer'::text, ((members -> 'customer'::text) ->> 'customer_id'::text)), session_word(account_id, 'buyer'::text, ((members -> 'customer'::text) ->> 'phone_number'::text)), session_word(account_id, 'buyer'::text, ((members -> 'customer'::text) ->> 'email'::text)), session_word(account_id, 'buyer'::text, full_name((bought -> 'billing_address'::text))), session_word(account_id, 'buyer'::text, full_name((bought -> 'shipping_address'::text))), session_word(account_id, 'reference'::text, (bought ->> 'merchant_reference_2'::text))], NULL::bigint);

CREATE OR REPLACE FUNCTION public.tell_of_prompt_step()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION public.tell_of_reversal()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE TRIGGER accounts_have_a_default_profile AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION give_default_profile();

CREATE TRIGGER accounts_have_a_settlement_calendar AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION give_settlement_calendar();

CREATE TRIGGER profiles_follow_accounts AFTER UPDATE OF allow_mixed_methods ON accounts FOR EACH ROW WHEN (old.allow_mixed_methods <> new.allow_mixed_methods) EXECUTE FUNCTION renew_profiles_of_changed();

CREATE TRIGGER profiles_follow_currencies AFTER UPDATE OF in_person_currencies ON accounts FOR EACH ROW WHEN (old.in_person_currencies IS DISTINCT FROM new.in_person_currencies) EXECUTE FUNCTION renew_profiles_of_changed();

CREATE TRIGGER seats_follow_accounts AFTER UPDATE ON accounts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_accounts();

CREATE TRIGGER seats_follow_sellers AFTER UPDATE ON payout_destinations REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_sellers();

CREATE TRIGGER seats_follow_stores AFTER UPDATE ON stores REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_stores();

CREATE TRIGGER seats_follow_terminals AFTER UPDATE ON terminals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_seats_of_terminals();

CREATE TRIGGER seat_next_waiting BEFORE UPDATE OF occupant_id ON terminal_seats FOR EACH ROW WHEN (old.occupant_id IS NOT NULL AND new.occupant_id IS NULL) EXECUTE FUNCTION seat_next_waiting();

CREATE TRIGGER seats_are_made_whole AFTER INSERT ON terminal_seats REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refresh_new_seats();

CREATE TRIGGER prompt_step BEFORE UPDATE OF status ON prompts FOR EACH ROW WHEN (old.status <> new.status) EXECUTE FUNCTION refuse_forbidden_prompt_step();

CREATE TRIGGER prompt_step_is_told AFTER UPDATE OF status ON prompts FOR EACH ROW WHEN (old.status <> new.status AND new.status <> 'PENDING'::text) EXECUTE FUNCTION tell_of_prompt_step();

CREATE TRIGGER refund_waits_is_told AFTER INSERT ON prompts FOR EACH ROW WHEN (new.status = 'WAITING'::text) EXECUTE FUNCTION tell_of_prompt_step();

CREATE TRIGGER reversal_is_told AFTER INSERT ON reversals FOR EACH ROW EXECUTE FUNCTION tell_of_reversal();

CREATE TRIGGER reversal_step_is_told AFTER UPDATE OF status ON reversals FOR EACH ROW WHEN (old.status <> new.status) EXECUTE FUNCTION tell_of_reversal();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON account_changes FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
