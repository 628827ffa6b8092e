/** Rows of what an account is set up with: who may call, the sellers, the stores, the terminals, and who changed them. */
import { operations } from "../../src/contract/operations.ts";
import { caseStatuses } from "../../src/domain/payout-destination.ts";
import { scopes } from "../../src/domain/scopes.ts";
import {
  account_id,
  digits,
  type Meant,
  made,
  madeInPairs,
  numbers,
  type PlantedList,
  padded,
  third,
} from "./planted-rows.ts";

/** Of five one was deleted. */
const isDeleted: Meant = (n) => n % 5 === 4;
const deleted = "(n % 5 = 4)";
const deletedAt = `CASE WHEN ${deleted} THEN ${made} END`;
const deletedBy = `CASE WHEN ${deleted} THEN 'till-1' END`;

const array = (values: readonly string[]): string => `('{${values.join(",")}}'::text[])`;
function isOneOf(...meant: number[]): Meant {
  return (n) => meant.includes(n);
}

const changedEntities = ["account", "store", "terminal", "profile"];

const changes: PlantedList = {
  operation: operations.listAccountChanges,
  plant: [
    `INSERT INTO account_changes (account_id, id, changed_at, changed_by, entity, entity_id, action, change)
     SELECT $1, 'chg_' || ${padded}, ${made}, 'client-' || n % 3, ('{${changedEntities.join(",")}}'::text[])[n % 4 + 1],
       'entity-' || n % 10, 'updated', '{}'
     FROM ${numbers}`,
  ],
  filters: [
    ["entity=store&entity=profile", (n) => n % 4 === 1 || n % 4 === 3],
    ["entity_id=entity-7", (n) => n % 10 === 7],
    ["changed_by=client-2", (n) => n % 3 === 2],
  ],
};

const profiles: PlantedList = {
  operation: operations.listProfiles,
  plant: [
    `INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at,
       deleted_at)
     SELECT $1, 'profile-' || ${padded}, 'Nr. ' || n, '{}', ${madeInPairs}, ${made}, ${deletedAt} FROM ${numbers}`,
  ],
  row_0: "default",
  filters: [],
  hidden: { rows: isDeleted },
};

/** The client that calls itself so has every scope, by the first two grants: the test calls as that one. */
export const reader = "till-1";
const clientId = (n: number): string => `client-${digits(n)}`;

const clients: PlantedList = {
  operation: operations.listApiClients,
  plant: [
    `INSERT INTO api_clients (account_id, id, client_id, name, created_at, created_by, deleted_at, deleted_by)
     SELECT $1, 'client-' || ${padded}, 'till-' || n, 'Kasse på Grønland ' || n, ${madeInPairs}, 'till-1', ${deletedAt},
       ${deletedBy}
     FROM ${numbers}`,
  ],
  filters: [],
  hidden: { rows: isDeleted },
};

const grants: PlantedList = {
  operation: operations.listClientGrants,
  plant: [
    `INSERT INTO client_grants (account_id, id, client_id, audience, scope, type, created_at, created_by, deleted_at,
       deleted_by)
     SELECT $1, 'grant-' || ${padded}, 'client-' || lpad((n / 3 + 1)::text, 20, '0'), 'audience-' || n % 4,
       CASE WHEN n < 3 THEN ${array(scopes)} ELSE ${array(["read:checkout"])} END, 'any', ${madeInPairs}, 'till-1',
       ${deletedAt}, ${deletedBy}
     FROM ${numbers}`,
  ],
  filters: [
    ["audience=audience-1&audience=audience-2", (n) => n % 4 === 1 || n % 4 === 2],
    [`client_id=${clientId(8)},${clientId(9)}&client_id=${clientId(10)}`, (n) => third(n) >= 7 && third(n) <= 9],
  ],
  hidden: { rows: isDeleted },
};

const apiKeys: PlantedList = {
  operation: operations.listApiKeys,
  plant: [
    `INSERT INTO api_keys (account_id, id, name, client_id, scope, created_at, created_by, deleted_at, deleted_by)
     SELECT $1, 'key-' || ${padded}, 'Nettbutikk på Grønland ' || n, 'till-1', ${array(["read:checkout"])},
       ${madeInPairs}, 'till-1', ${deletedAt}, ${deletedBy}
     FROM ${numbers}`,
  ],
  filters: [
    ["include_deleted=true", () => true],
    ["include_deleted=false", (n) => !isDeleted(n)],
  ],
  hidden: { rows: isDeleted, unless: "include_deleted" },
};

const sellerId = (n: number): string => `seller-${digits(n)}`;
const caseStatusOf = (n: number): string | undefined => caseStatuses[n % caseStatuses.length];

/** None is ever deleted. */
const payoutDestinations: PlantedList = {
  operation: operations.listPayoutDestinations,
  plant: [
    `INSERT INTO payout_destinations (account_id, payout_destination_id, name, case_status, created_at, created_by)
     SELECT $1, 'seller-' || ${padded}, 'Fiskebåten ' || n, ${array(caseStatuses)}[n % ${caseStatuses.length} + 1],
       ${madeInPairs}, 'till-1'
     FROM ${numbers}`,
  ],
  named: "payout_destinations",
  key: "payout_destination_id",
  filters: [
    [`payout_destination_id=${sellerId(7)},${sellerId(8)}&payout_destination_id=${sellerId(21)}`, isOneOf(7, 8, 21)],
    [`case_status=ACTIVE&case_status=${caseStatusOf(7)}`, (n) => n % 10 === 0 || n % 10 === 7],
    ["case_status=DECLINED", (n) => n % 10 === 1],
  ],
};

/** The same rows in other words. Clients look for theirs in the one answer they ask for, so it holds a hundred. */
const approvals: PlantedList = { ...payoutDestinations, operation: operations.listApprovals, limit_default: 100 };

const storeId = (n: number): string => `store-${digits(n)}`;

/** Deleted ones are left out unless `status` asks for them. Of four sellers each has every fourth store. */
const stores: PlantedList = {
  operation: operations.listStores,
  plant: [
    `INSERT INTO stores (account_id, store_id, id, store_name, payout_destination_id, status, created_at, created_by,
       deleted_at, deleted_by)
     SELECT $1, 'store-' || ${padded}, $1 || '-' || ${padded}, 'Grünerløkka ' || n,
       'seller-' || lpad((n % 4 + 1)::text, 20, '0'), CASE WHEN ${deleted} THEN 'DELETED' ELSE 'ACTIVE' END,
       ${madeInPairs}, 'till-1', ${deletedAt}, ${deletedBy}
     FROM ${numbers}`,
  ],
  named: "stores",
  key: "store_id",
  hidden: { rows: isDeleted, unless: "status" },
  filters: [
    [`store_id=${storeId(7)},${storeId(8)}&store_id=${storeId(9)}`, isOneOf(7, 8, 9)],
    [`payout_destination_id=${sellerId(1)}&payout_destination_id=${sellerId(4)}`, (n) => n % 4 === 0 || n % 4 === 3],
    ["status=DELETED", isDeleted],
    ["status=ACTIVE,DELETED", () => true],
  ],
};

const standings = ["PENDING", "ACTION_REQUIRED", "ACTIVE", "INACTIVE"];
const models = ["SATURN1000", "S1P2", "S1U2"];
/** Three stand in each store. */
const sellerOfTerminal = (n: number): number => ((third(n) + 1) % 4) + 1;

/** Deleted ones are listed where `status` names DELETED. */
const terminals: PlantedList = {
  operation: operations.listTerminals,
  plant: [
    `INSERT INTO terminals (account_id, terminal_id, device_serial_number, device_model, store_id, status, driver,
       created_at, created_by, deleted_at, deleted_by)
     SELECT $1, $1 || '-T' || ${padded}, 'serial-' || n, ${array(models)}[n % 3 + 1],
       'store-' || lpad((n / 3 + 1)::text, 20, '0'),
       CASE WHEN ${deleted} THEN 'DELETED' ELSE ${array(standings)}[n % 4 + 1] END, 'socket', ${madeInPairs}, 'till-1',
       ${deletedAt}, ${deletedBy}
     FROM ${numbers}`,
    `INSERT INTO terminal_seats (account_id, terminal_id) SELECT $1, $1 || '-T' || ${padded} FROM ${numbers}`,
    `INSERT INTO devices (account_id, terminal_id, device_id, public_jwk, paired_at)
     SELECT $1, $1 || '-T' || ${padded}, 'device-' || n, '{}', ${made} FROM ${numbers}`,
  ],
  named: "terminals",
  key: "terminal_id",
  hidden: { rows: isDeleted, unless: "status" },
  filters: [
    [
      `payout_destination_id=${sellerId(2)}&payout_destination_id=${sellerId(3)}`,
      (n) => [2, 3].includes(sellerOfTerminal(n)),
    ],
    // The merchant's id of one, the generated id of the other.
    [`store_id=${storeId(7)}&store_id=${account_id}-${digits(9)}`, (n) => third(n) === 6 || third(n) === 8],
    ["status=DELETED", isDeleted],
    ["status=ACTIVE&status=DELETED", (n) => isDeleted(n) || n % 4 === 2],
    ["status=PENDING,INACTIVE", (n) => !isDeleted(n) && (n % 4 === 0 || n % 4 === 3)],
    ["device_model=S1P2,S1U2", (n) => n % 3 !== 0],
    ["device_serial_number=serial-7&device_serial_number=serial-8,serial-9", isOneOf(7, 8, 9)],
  ],
};

const asked = ["end_of_day", "send_logs", "check_update", "open_menu"];
const operationId = (n: number): string => `operation-${digits(n)}`;

const terminalOperations: PlantedList = {
  operation: operations.listTerminalOperations,
  plant: [
    `INSERT INTO terminal_operations (account_id, id, terminal_id, operation, status, created_at, created_by, updated_at,
       updated_by, deadline_at)
     SELECT $1, 'operation-' || ${padded}, $1 || '-T' || lpad((n % 8 + 1)::text, 20, '0'), ${array(asked)}[n % 4 + 1],
       'TIMEOUT', ${madeInPairs}, 'till-1', ${made}, 'tapline', ${made}
     FROM ${numbers}`,
  ],
  filters: [
    [
      `terminal_id=${account_id}-T${digits(2)}&terminal_id=${account_id}-T${digits(3)}`,
      (n) => n % 8 === 1 || n % 8 === 2,
    ],
    [`operation_id=${operationId(7)},${operationId(8)}&operation_id=${operationId(9)}`, isOneOf(7, 8, 9)],
  ],
};

const userRoles = ["owner", "manager", "cashier", "read_only"];

/** Every third has set a password. */
const users: PlantedList = {
  operation: operations.listUsers,
  plant: [
    `INSERT INTO users (account_id, id, email, email_key, name, role, password_scrypt, otp_secret, created_at, created_by,
       deleted_at, deleted_by)
     SELECT $1, 'user_' || ${padded}, 'Bruker' || n || '@example.com', 'bruker' || n || '@example.com', 'Bjørg ' || n,
       ${array(userRoles)}[n % 4 + 1], CASE WHEN n % 3 = 0 AND NOT ${deleted} THEN 'scrypt' END,
       CASE WHEN n % 3 = 0 AND NOT ${deleted} THEN decode(repeat('00', 20), 'hex') END, ${madeInPairs}, 'till-1',
       ${deletedAt}, ${deletedBy}
     FROM ${numbers}`,
  ],
  named: "users",
  hidden: { rows: isDeleted },
  filters: [
    ["role=manager&role=cashier", (n) => n % 4 === 1 || n % 4 === 2],
    ["status=ACTIVE", (n) => n % 3 === 0],
    ["status=INVITED,ACTIVE", () => true],
    ["email=Bruker7@EXAMPLE.com,bruker8@example.com&email=bruker10@example.com", isOneOf(7, 8, 10)],
  ],
};

const hookId = (n: number): string => `hook-${digits(n)}`;

const hooks: PlantedList = {
  operation: operations.listHooks,
  plant: [
    `INSERT INTO hooks (account_id, id, url, insecure_ssl, events, active, signing_secret, created_at, created_by,
       updated_at, updated_by, deleted_at, deleted_by)
     SELECT $1, 'hook-' || ${padded}, 'https://receiver.test/' || n, false, '{ping}', true, 'whsec_planted',
       ${madeInPairs}, 'till-1', ${made}, 'till-1', ${deletedAt}, ${deletedBy}
     FROM ${numbers}`,
    `INSERT INTO delivery_lanes (account_id, id, hook_id)
     SELECT $1, 'hook-' || ${padded}, 'hook-' || ${padded} FROM ${numbers}`,
  ],
  hidden: { rows: isDeleted, unless: "include_deleted" },
  filters: [
    ["include_deleted=true", () => true],
    ["total=true", () => true],
  ],
};

const toldTypes = ["checkout_transaction", "ping", "incident_add"];
const deliveryEnds = ["DELIVERED", "REFUSED", "EXHAUSTED"];

/** Of one subscription. Events stand in a stream of their own places, far from those that happen meanwhile;
 * they are new, as what is old is forgotten. */
const hookDeliveries: PlantedList = {
  operation: operations.listHookDeliveries,
  within: { hid: hookId(1) },
  plant: [
    `INSERT INTO events (account_id, position, id, type, body, created_at)
     SELECT $1, 1000000 + n, 'evt-' || n, ${array(toldTypes)}[n % 3 + 1], '{}', now() FROM ${numbers}`,
    `INSERT INTO deliveries (account_id, id, kind, lane_id, hook_id, event_position, method, url, status, due_at,
       created_at, finished_at)
     SELECT $1, 'delivery-' || ${padded}, 'webhook', '${hookId(1)}', '${hookId(1)}', 1000000 + n, 'POST',
       'https://receiver.test/1', ${array(deliveryEnds)}[n % 7 % 3 + 1], ${made}, ${made}, ${made}
     FROM ${numbers}`,
    `INSERT INTO delivery_attempts (account_id, delivery_id, try, started_at, duration_ms, request_headers, status,
       response_headers, response_body)
     SELECT $1, 'delivery-' || ${padded}, 1, ${made}, 7, '{}', 200, '{}', '' FROM ${numbers}`,
  ],
  filters: [
    ["event=checkout_transaction,incident_add", (n) => n % 3 !== 1],
    ["event=ping", (n) => n % 3 === 1],
    ["delivery_status=REFUSED&delivery_status=EXHAUSTED", (n) => (n % 7) % 3 !== 0],
  ],
  looks_through: ["event", "delivery_status"],
};

/** In the order of planting: a grant has its client, a store its seller, a terminal its store. */
export const setUpLists: Readonly<Record<string, PlantedList>> = {
  changes,
  profiles,
  clients,
  grants,
  "API keys": apiKeys,
  "payout destinations": payoutDestinations,
  approvals,
  stores,
  terminals,
  "terminal operations": terminalOperations,
  users,
  hooks,
  "deliveries of a hook": hookDeliveries,
};
