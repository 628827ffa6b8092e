-- Sellers (payout destinations) and stores, as the account management shows them. Lists are newest first: each has an index
-- that is its order.

-- One row, shown in two ways: as a payout destination, and as the approval that it began with.
ALTER TABLE payout_destinations
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN description text,
  ADD COLUMN payout_reference text,
  ADD COLUMN bank_accounts jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN type text CHECK (type IN ('company', 'individual')),
  ADD COLUMN payout_interval_type text CHECK (payout_interval_type IN ('day', 'week', 'month', 'manual')),
  ADD COLUMN merchant_category_code text,
  ADD COLUMN country_code text,
  ADD COLUMN organization jsonb,
  ADD COLUMN address jsonb,
  ADD COLUMN phone_number text,
  ADD COLUMN email text,
  ADD COLUMN website text,
  -- The other members as they were sent, those that we do not know included.
  ADD COLUMN members jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN created_by text,
  ADD COLUMN updated_at timestamptz,
  ADD COLUMN updated_by text,
  ADD CONSTRAINT seller_updated_by_someone CHECK (num_nulls(updated_at, updated_by) IN (0, 2));
CREATE INDEX payout_destinations_by_age ON payout_destinations (account_id, created_at, payout_destination_id);

ALTER TABLE stores
  ADD COLUMN organization jsonb,
  -- What was sent with the link to the payout destination, but its id.
  ADD COLUMN link jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN address jsonb,
  ADD COLUMN coordinates jsonb,
  ADD COLUMN phone_number text,
  ADD COLUMN email text,
  ADD COLUMN website text,
  ADD COLUMN members jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN created_by text,
  ADD COLUMN updated_at timestamptz,
  ADD COLUMN updated_by text,
  ADD COLUMN deleted_at timestamptz,
  ADD COLUMN deleted_by text,
  ADD CONSTRAINT store_updated_by_someone CHECK (num_nulls(updated_at, updated_by) IN (0, 2)),
  ADD CONSTRAINT store_deleted_by_someone CHECK (num_nulls(deleted_at, deleted_by) IN (0, 2)),
  ADD CONSTRAINT what_is_in_use_was_not_deleted CHECK (deleted_at IS NULL OR status = 'DELETED');
CREATE INDEX stores_by_age ON stores (account_id, created_at, store_id);
CREATE INDEX stores_by_seller ON stores (account_id, payout_destination_id);

CREATE INDEX terminals_in_store ON terminals (account_id, store_id);
