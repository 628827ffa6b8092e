/** Rows for the lists' tests: so many of each, every one known by its number, from which follows what each filter finds. */
import { incidentKinds } from "../../src/contract/incident.ts";
import { operations } from "../../src/contract/operations.ts";
import {
  account_id,
  checkoutId,
  checkoutIdText,
  digits,
  type Meant,
  made,
  madeInPairs,
  numbers,
  type PlantedList,
  padded,
  third,
  timeOf,
} from "./planted-rows.ts";
import { setUpLists } from "./planted-set-up.ts";

const sessionId = (n: number): string => checkoutId("s", n);
const transactionId = (n: number): string => checkoutId("t", n);
const session = checkoutIdText("s");
const transaction = checkoutIdText("t");
const later = "timestamptz '2999-01-01T00:00:00Z'";

/** What sessions and transactions have in common: a few of the oldest have not ended, of five one was declined. */
const isOpen: Meant = (n) => n % 50 === 0 && n <= 400;
const isDeclined: Meant = (n) => !isOpen(n) && n % 5 === 1;
const isPaid: Meant = (n) => !isOpen(n) && !isDeclined(n);
const isRefunded: Meant = (n) => isPaid(n) && n % 6 === 0;
const open = "(n % 50 = 0 AND n <= 400)";
const declined = `(NOT ${open} AND n % 5 = 1)`;
const paid = `(NOT ${open} AND n % 5 <> 1)`;
const refunded = `(${paid} AND n % 6 = 0)`;

const sales = [
  `INSERT INTO sessions (account_id, id, transaction_id, merchant_reference, url, "order", configuration, members,
     request_headers, created_by, created_at, updated_at, expires_at)
   SELECT $1, ${session}, ${transaction}, 'order-' || n / 3,
     '{"return_url": "https://till.example.com/"}',
     jsonb_build_object('amount', 1000 + n % 10, 'currency', 'NOK', 'merchant_reference', 'order-' || n / 3,
       'merchant_reference_2', 'second-' || n / 4, 'store', jsonb_build_object('id', 'store-' || n % 5),
       'billing_address', jsonb_build_object('first_name', 'Bjørn', 'last_name', 'Sjø' || n / 2)),
     '{}', jsonb_build_object('customer', jsonb_build_object('customer_id', 'customer-' || n / 6)),
     jsonb_build_object('dintero-system-plugin-name', 'plugin-' || n % 3), 'till', ${made}, ${made}, ${later}
   FROM ${numbers}`,
  `INSERT INTO session_events (account_id, session_id, id, name, created_at)
   SELECT $1, ${session}, 1, 'INITIATED', ${made} FROM ${numbers}`,
  `INSERT INTO prompts (account_id, id, session_id, transaction_id, terminal_id, kind, amount, currency, status,
     created_at, deadline_at, sent_at, sent_epoch, sent_journal_id, unresolved_at, finished_at)
   SELECT $1, 'pr_' || ${padded}, ${session}, ${transaction}, $1 || '-T900' || n % 8, 'purchase',
     1000 + n % 10, 'NOK', CASE WHEN ${open} THEN 'UNRESOLVED' WHEN ${declined} THEN 'DECLINED' ELSE 'APPROVED' END,
     ${made}, ${later}, ${made}, 1, 'jr', CASE WHEN ${open} THEN ${later} END,
     CASE WHEN NOT ${open} THEN ${made} END
   FROM ${numbers}`,
  `INSERT INTO transactions (account_id, id, session_id, amount, currency, status, channel, merchant_reference,
     merchant_reference_2, store_id, terminal_id, payout_destination_id, card, authorized_amount, captured_amount,
     refunded_amount, created_at, updated_at)
   SELECT $1, ${transaction}, ${session}, 1000 + n % 10,
     CASE WHEN n % 2 = 0 THEN 'NOK' ELSE 'SEK' END,
     CASE WHEN ${open} THEN 'UNKNOWN' WHEN ${declined} THEN 'DECLINED' WHEN ${refunded} THEN 'REFUNDED'
       ELSE 'CAPTURED' END,
     CASE WHEN n % 3 = 0 THEN 'in_app' ELSE 'in_store' END, 'order-' || n / 3, 'second-' || n / 4, 'store-' || n % 5,
     $1 || '-T900' || n % 8, 'seller-' || n % 4,
     CASE WHEN ${paid} THEN jsonb_build_object('brand', CASE WHEN n % 7 = 0 THEN 'Mastercard' ELSE 'Visa' END) END,
     CASE WHEN ${paid} THEN 1000 + n % 10 ELSE 0 END, CASE WHEN ${paid} THEN 1000 + n % 10 ELSE 0 END,
     CASE WHEN ${refunded} THEN 1000 + n % 10 ELSE 0 END, ${made}, ${made}
   FROM ${numbers}`,
  `INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, created_at)
   SELECT $1, ${transaction}, 1, 'INITIALIZE', 'INITIATED', true, ${made} FROM ${numbers}`,
  `INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, created_at,
     metadata)
   SELECT $1, ${transaction}, 2, 'CAPTURE', 'CAPTURED', true, ${made},
     jsonb_build_object('payout_correlation_id', 'payout-' || n / 10)
   FROM ${numbers} WHERE ${paid}`,
  `INSERT INTO transaction_events (account_id, transaction_id, id, event, transaction_status, success, created_at)
   SELECT $1, ${transaction}, 3, 'REFUND', 'REFUNDED', true, ${made} FROM ${numbers} WHERE ${refunded}`,
];

const never: Meant = () => false;

const sessions: PlantedList = {
  operation: operations.listSessions,
  plant: sales,
  filters: [
    [`id=${sessionId(7)},${sessionId(8)}&id=${sessionId(9)}`, (n) => n >= 7 && n <= 9],
    [`transaction_id=${transactionId(8)}&transaction_id=${transactionId(21)}`, (n) => n === 8 || n === 21],
    ["store_id=store-1,store-2", (n) => n % 5 === 1 || n % 5 === 2],
    ["initiating_system.dintero_system_plugin_name=plugin-1", (n) => n % 3 === 1],
    [`created_at.gte=${timeOf(8)}`, (n) => n >= 8],
    [`created_at.lte=${timeOf(70)}`, (n) => n <= 70],
    ["search=order-7", (n) => third(n) === 7],
    ["search=second-2", (n) => Math.floor(n / 4) === 2],
    ["search=bj%C3%B8rn%20sj%C3%B84", (n) => Math.floor(n / 2) === 4],
    ["payment_operation=unscheduled_purchase", never],
    [`terminal_id=T9001&terminal_id=${account_id}-T9002`, (n) => n % 8 === 1 || n % 8 === 2],
    ["merchant_reference=order-7", (n) => third(n) === 7],
    ["open=true", isOpen],
    ["open=false", (n) => !isOpen(n)],
  ],
  also_measured: [
    "terminal_id=T9002&open=true",
    "search=nobody",
    `created_at.gte=${timeOf(40)}&created_at.lte=${timeOf(50)}`,
  ],
};

const transactions: PlantedList = {
  operation: operations.listTransactions,
  plant: sales,
  filters: [
    [`id=${transactionId(7)},${transactionId(8)}`, (n) => n === 7 || n === 8],
    ["status=CAPTURED,REFUNDED", isPaid],
    ["status=UNKNOWN", isOpen],
    ["payment_product=seitatech", () => true],
    ["payment_product=vipps", never],
    ["payment_product_type=seitatech.in_person", () => true],
    ["card_brand=Mastercard", (n) => isPaid(n) && n % 7 === 0],
    ["channel=in_app", (n) => n % 3 === 0],
    ["terminal_id=T9001,T9002", (n) => n % 8 === 1 || n % 8 === 2],
    ["store_id=store-1", (n) => n % 5 === 1],
    ["currency=SEK", (n) => n % 2 === 1],
    ["merchant_reference=order-7", (n) => third(n) === 7],
    ["merchant_reference_2=second-2", (n) => Math.floor(n / 4) === 2],
    [`session_id=${sessionId(8)}`, (n) => n === 8],
    ["payout_destination_id=seller-3", (n) => n % 4 === 3],
    ["payout_correlation_id=payout-2,payout-4", (n) => isPaid(n) && [2, 4].includes(Math.floor(n / 10))],
    ["customer_id=customer-3", (n) => Math.floor(n / 6) === 3],
    ["token_id=token", never],
    ["payment_operation=unscheduled_purchase", never],
    ["amount=1008", (n) => n % 10 === 8],
    ["amount.gte=1005", (n) => n % 10 >= 5],
    ["amount.lte=1002", (n) => n % 10 <= 2],
    [`created_at.gte=${timeOf(8)}`, (n) => n >= 8],
    [`created_at.lte=${timeOf(70)}`, (n) => n <= 70],
    [`captured_at.gte=${timeOf(20)}`, (n) => isPaid(n) && n >= 20],
    [`captured_at.lte=${timeOf(60)}`, (n) => isPaid(n) && n <= 60],
    [`refunded_at.gte=${timeOf(8)}`, (n) => isRefunded(n) && n >= 8],
    [`refunded_at.lte=${timeOf(70)}`, (n) => isRefunded(n) && n <= 70],
    [`search=${sessionId(9)}`, (n) => n === 9],
    ["search=Bj%C3%B8rn%20Sj%C3%B810", (n) => Math.floor(n / 2) === 10],
    ["search=order-7", (n) => third(n) === 7],
  ],
  also_measured: [
    ...["search=nobody", "customer_id=nobody", "payout_correlation_id=none"],
    ...["created", "captured", "refunded"].map((what) => `${what}_at.gte=${timeOf(40)}&${what}_at.lte=${timeOf(50)}`),
    // When nothing was open.
    `captured_at.gte=${timeOf(40.2)}&captured_at.lte=${timeOf(40.8)}`,
  ],
};

const kindOf = (n: number): string | undefined => incidentKinds[n % incidentKinds.length];

const incidents: PlantedList = {
  operation: operations.listIncidents,
  plant: [
    `INSERT INTO incidents (account_id, id, kind, subject, terminal_id, details, created_at, decided_at, decided_by,
       outcome, reason)
     SELECT $1, 'inc_' || ${padded}, ('{${incidentKinds.join(",")}}'::text[])[n % ${incidentKinds.length} + 1],
       'planted-' || n, $1 || '-T900' || n % 8, '{}', ${made}, CASE WHEN n % 2 = 0 THEN ${made} END,
       CASE WHEN n % 2 = 0 THEN 'Åse' END, CASE WHEN n % 2 = 0 THEN 'settled' END, CASE WHEN n % 2 = 0 THEN 'r' END
     FROM ${numbers}`,
  ],
  filters: [
    ["open=true", (n) => n % 2 === 1],
    ["open=false", (n) => n % 2 === 0],
    [`kind=${kindOf(1)}&kind=${kindOf(2)}`, (n) => [kindOf(1), kindOf(2)].includes(kindOf(n))],
    ["terminal_id=T9003", (n) => n % 8 === 3],
  ],
};

const settlementId = (n: number): string => `settlement-${digits(n)}`;
const numberIn = (id: string): number => Number(/\d+$/.exec(id)?.[0] ?? 0);
const settledAt = (id: string): string => encodeURIComponent(timeOf(Math.floor(numberIn(id) / 2)));

/** Each holds a capture of its own time. */
const settlements: PlantedList = {
  operation: operations.listSettlements,
  plant: [
    `INSERT INTO settlements (account_id, id, payout_destination_id, store_id, start_at, end_at, provider_reference,
       created_at, updated_at, settled_at)
     SELECT $1, 'settlement-' || ${padded}, 'seller-' || n % 4, 'Grünerløkka', ${made}, ${made} + interval '1 day',
       'reference-' || n / 3, ${madeInPairs}, ${madeInPairs}, ${madeInPairs}
     FROM ${numbers}`,
    `INSERT INTO settlement_amounts (account_id, settlement_id, currency, capture, refund)
     SELECT $1, 'settlement-' || ${padded}, 'NOK', n, 0 FROM ${numbers}`,
    `INSERT INTO settlement_items (account_id, settlement_id, created_at, transaction_id, event_id, event, amount,
       currency)
     SELECT $1, 'settlement-' || ${padded}, ${made}, 'settled-' || n, 3, 'CAPTURE', n, 'NOK' FROM ${numbers}`,
  ],
  named: "items",
  limit_max: 1_000,
  cursor: {
    of: (body) => (body as { last_evaluated_key?: { id: string } }).last_evaluated_key?.id,
    after: (id) => `starting_after_id=${id}&starting_after_date=${settledAt(id)}`,
  },
  filters: [
    [`created_at.gte=${timeOf(8)}`, (n) => Math.floor(n / 2) >= 8],
    [`created_at.lte=${timeOf(40)}`, (n) => Math.floor(n / 2) <= 40],
    [`item_created_at.gte=${timeOf(8)}`, (n) => n >= 8],
    [`item_created_at.lte=${timeOf(70)}`, (n) => n <= 70],
    ["payment_provider=seitatech", () => true],
    ["payment_provider=vipps", never],
    ["payout_destination_id=seller-3", (n) => n % 4 === 3],
    ["search=reference-7", (n) => third(n) === 7],
    [`search=${settlementId(9)}`, (n) => n === 9],
    ["search=settled-10", (n) => n === 10],
  ],
  looks_through: ["item_created_at.lte"],
  also_measured: [`payout_destination_id=seller-3&created_at.lte=${timeOf(40)}`],
};

/** Every list of the API. A new one is a line here: its operation, the statement that plants it, and its filters. */
export const plantedLists: Readonly<Record<string, PlantedList>> = {
  sessions,
  transactions,
  incidents,
  settlements,
  ...setUpLists,
};
