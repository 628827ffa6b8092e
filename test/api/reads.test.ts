/** Reading sessions and transactions: what is in them, what can be asked for besides, and how lists are walked. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { openShop, type SaleChange, type Shop } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

let shop: Shop;
const T0292 = "T12345678-T0292";
const T0307 = "T12345678-T0307";

const till = {
  "dintero-system-name": "Till",
  "dintero-system-version": "4.2",
  "dintero-system-plugin-name": "tapline-plugin",
  "dintero-system-plugin-version": "1.0.0",
  "user-agent": "till/4.2",
};

/** Every sale of this day: eight captured and two declined on one terminal, two called off and one open on another. */
const sales: Transaction[] = [];
let captured: Transaction;
let declined: Transaction;

before(async () => {
  shop = await openShop();
  await shop.database.sql(
    `WITH enrolled AS (
       INSERT INTO terminals (account_id, terminal_id, device_serial_number, store_id, status, driver, created_at)
       VALUES ('T12345678', $1, '307', 'oslo-center', 'ACTIVE', 'socket', now()) RETURNING account_id, terminal_id)
     INSERT INTO terminal_seats (account_id, terminal_id) SELECT account_id, terminal_id FROM enrolled`,
    [T0307],
  );
  for (let number = 1; number <= 8; number++)
    sales.push(await sold({ order: { merchant_reference: `order-${number}` } }));
  for (const merchant_reference of ["order-9", "order-1"])
    sales.push(await sold({ order: { amount: 990100, merchant_reference } }));
  for (const merchant_reference of ["order-10", "order-1"]) sales.push(await calledOff(merchant_reference));
  sales.push(
    await transactionOf(await create({ store: { terminal_id: T0307 }, order: { merchant_reference: "order-11" } })),
  );
  captured = sales[0] as Transaction;
  declined = sales[8] as Transaction;
});
after(() => shop.close());

async function create(change: SaleChange): Promise<string> {
  const { status, body } = await shop.create(change, { ...till, "x-till": "4" });
  assert.equal(status, 200, JSON.stringify(body));
  return body.id;
}

async function get<Body>(path: string): Promise<Body> {
  const { status, body } = await shop.call<Body>("GET", path);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const readSession = (id: string, query = "") => get<Session>(`/v1/sessions/${id}${query}`);
const readTransaction = (id: string, query = "") => get<Transaction>(`/v1/transactions/${id}${query}`);
const transactionOf = async (session_id: string) =>
  readTransaction((await readSession(session_id)).transaction_id ?? "");

/** A sale that the person in front of the terminal answers by amount, with its callback delivered. */
async function sold(change: SaleChange): Promise<Transaction> {
  const id = await create(change);
  await shop.ended(id);
  await shop.until(
    async () => (await shop.database.sql("SELECT FROM deliveries WHERE status = 'PENDING'")).length === 0,
  );
  return transactionOf(id);
}

async function calledOff(merchant_reference: string): Promise<Transaction> {
  const id = await create({ store: { terminal_id: T0307 }, order: { merchant_reference } });
  assert.equal((await shop.call("POST", `/v1/sessions/${id}/cancel`)).status, 200);
  return transactionOf(id);
}

describe("a session", () => {
  test("tells its story in the order it happened, numbered from 1", async () => {
    const { events, created_at } = await readSession(captured.session_id);
    const names = ["INITIATED", "PUSH_NOTIFICATION_SENT", "AUTHORIZED", "COMPLETED", "AUTH_CALLBACK_SENT"];
    assert.deepEqual(
      events.map(({ name }) => name),
      names,
    );
    assert.deepEqual(
      events.map(({ id }) => id),
      ["1", "2", "3", "4", "5"],
    );
    const times = events.map((event) => event.created_at);
    assert.deepEqual(times, times.toSorted());
    assert.equal(times[0], created_at);
    for (const time of times) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("that was declined says so, and why", async () => {
    const { events } = await readSession(declined.session_id);
    assert.deepEqual(
      events.map(({ name }) => name),
      ["INITIATED", "PUSH_NOTIFICATION_SENT", "DECLINED"],
    );
    assert.deepEqual(events[2]?.details, { payment_product_type: "seitatech.in_person", error: "authorization" });
  });

  test("tells of the calling system's headers where that is asked for, and only then", async () => {
    const plain = await readSession(captured.session_id);
    assert.ok(!JSON.stringify(plain).includes("tapline-plugin"));
    const initiating = await readSession(captured.session_id, "?includes=initiating_system_request_headers");
    assert.deepEqual(initiating, { ...plain, initiating_system_request_headers: till });
    const events = await readSession(captured.session_id, "?includes=events.request_headers");
    const [first, ...rest] = plain.events;
    assert.deepEqual(events, { ...plain, events: [{ ...first, request_headers: till }, ...rest] });
  });

  const both = ["events.request_headers", "initiating_system_request_headers"];
  for (const [what, query] of [
    ["repeated", `?includes=${both[0]}&includes=${both[1]}`],
    ["with a comma", `?includes=${both.join(",")}`],
    ["in brackets", `?includes[]=${both[0]}&includes[]=${both[1]}`],
    ["in escaped brackets", `?includes%5B%5D=${both[0]}&includes%5B%5D=${both[1]}`],
  ]) {
    test(`may be asked for both, ${what}`, async () => {
      const session = await readSession(captured.session_id, query);
      assert.deepEqual(session.initiating_system_request_headers, till);
      assert.deepEqual(session.events[0]?.request_headers, till);
    });
  }

  test("that is not there is a 404", async () => {
    assertRefused(await shop.call("GET", "/v1/sessions/T12345678.0"), { status: 404, code: "SESSION_NOT_FOUND" });
    assertRefused(await shop.call("GET", `/v1/sessions/${captured.id}`), { status: 404, code: "SESSION_NOT_FOUND" });
  });
});

describe("a transaction", () => {
  test("brings its session where that is asked for, and only then", async () => {
    const session = await readSession(captured.session_id);
    const transaction = await readTransaction(captured.id, "?includes=session");
    assert.deepEqual(transaction, { ...captured, session });
    assert.ok(!("session" in (await readTransaction(captured.id))));
  });

  test("brings its session with the last event alone", async () => {
    const session = await readSession(captured.session_id);
    const transaction = await readTransaction(captured.id, "?includes=session.events.latest");
    assert.deepEqual(transaction, { ...captured, session: { ...session, events: session.events.slice(-1) } });
  });

  test("shows what succeeded alone", async () => {
    assert.deepEqual(
      declined.events.map(({ success }) => success),
      [true, false],
    );
    const { events } = await readTransaction(declined.id, "?includes=events.success.true");
    assert.deepEqual(events, declined.events.slice(0, 1));
  });

  test("shows the headers of the request that started it", async () => {
    const { events } = await readTransaction(captured.id, "?includes=events.request_headers");
    const [first, ...rest] = captured.events;
    assert.deepEqual(events, [{ ...first, request_headers: till }, ...rest]);
    assert.ok(!JSON.stringify(captured).includes("tapline-plugin"));
  });

  test("shows the headers of the system that started it", async () => {
    const transaction = await readTransaction(captured.id, "?includes=initiating_system_request_headers");
    assert.deepEqual(transaction, { ...captured, initiating_system_request_headers: till });
  });

  for (const token of ["card.payment_token", "card.recurrence_token", "card.payment_token,card.recurrence_token"]) {
    test(`has no ${token} in person, and is not in the way of who asks`, async () => {
      assert.deepEqual(await readTransaction(captured.id, `?includes=${token}`), captured);
      assert.deepEqual(await readTransaction(declined.id, `?includes=${token}`), declined);
    });
  }

  test("brings several things at once", async () => {
    const query = "?includes=session.events.latest,events.request_headers&includes=card.payment_token";
    const { session, events } = await readTransaction(captured.id, query);
    assert.equal((session as Session).events.length, 1);
    assert.deepEqual(events[0]?.request_headers, till);
  });

  test("refuses to be asked for what nobody knows", async () => {
    const answer = await shop.call("GET", `/v1/transactions/${captured.id}?includes=session,everything`);
    assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "includes.1" });
  });

  test("that is not there is a 404", async () => {
    const refusal = { status: 404, code: "TRANSACTION_NOT_FOUND" };
    assertRefused(await shop.call("GET", "/v1/transactions/T12345678.0"), refusal);
    assertRefused(await shop.call("GET", `/v1/transactions/${captured.session_id}`), refusal);
  });
});

describe("the list of transactions", () => {
  const list = (query = "") => get<Transaction[]>(`/v1/transactions${query}`);
  const idsOf = (transactions: readonly Transaction[]) => transactions.map(({ id }) => id);
  /** Of today's sales those that the test means, newest first. */
  const those = (meant: (sale: Transaction) => boolean) => idsOf(sales.filter(meant).toReversed());

  test("is a bare array of the ten newest, newest first, each as it reads by itself", async () => {
    const transactions = await list();
    assert.ok(Array.isArray(transactions));
    assert.deepEqual(transactions, sales.toReversed().slice(0, 10));
  });

  for (const limit of [1, 3, 13, 14, 100]) {
    test(`has at most ${limit}`, async () => {
      assert.deepEqual(idsOf(await list(`?limit=${limit}`)), those(() => true).slice(0, limit));
    });
  }

  for (const limit of ["0", "101", "-1", "1.5", "abc", "", "1e3", "99999999999999999999", "5&limit=6"]) {
    test(`is not to be had with limit=${limit}`, async () => {
      const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "limit" };
      assertRefused(await shop.call("GET", `/v1/transactions?limit=${limit}`), refusal);
    });
  }

  const filters: [query: string, meant: (sale: Transaction) => boolean][] = [
    ["status=CAPTURED", ({ status }) => status === "CAPTURED"],
    ["status=CAPTURED&status=INITIATED", ({ status }) => status !== "DECLINED"],
    ["status=CAPTURED,INITIATED", ({ status }) => status !== "DECLINED"],
    ["status[]=DECLINED", ({ status }) => status === "DECLINED"],
    ["status=REFUNDED", () => false],
    [`terminal_id=${T0307}`, ({ store }) => store?.terminal_id === T0307],
    ["terminal_id=T0307", ({ store }) => store?.terminal_id === T0307],
    ["terminal_id=T0292,T0307", () => true],
    [`terminal_id=${T0292}&terminal_id=T9999`, ({ store }) => store?.terminal_id === T0292],
    ["terminal_id=T9999", () => false],
    ["merchant_reference=order-1", ({ merchant_reference }) => merchant_reference === "order-1"],
    ["merchant_reference=ORDER-1", () => false],
    ["merchant_reference=order", () => false],
    [
      "merchant_reference=order-1&status=DECLINED",
      (sale) => sale.merchant_reference === "order-1" && sale.status === "DECLINED",
    ],
    [
      "merchant_reference=order-1&terminal_id=T0307",
      (sale) => sale.merchant_reference === "order-1" && sale.store?.terminal_id === T0307,
    ],
    ["terminal_id=T0292&status=DECLINED", (sale) => sale.store?.terminal_id === T0292 && sale.status === "DECLINED"],
    ["merchant_reference=%27%20OR%201%3D1%20--", () => false],
  ];
  for (const [query, meant] of filters) {
    test(`can be asked for ${query}`, async () => {
      assert.deepEqual(idsOf(await list(`?limit=100&${query}`)), those(meant));
    });
  }

  test("can be asked for sessions, one or several", async () => {
    const [first, second] = sales as [Transaction, Transaction];
    assert.deepEqual(idsOf(await list(`?session_id=${first.session_id}`)), [first.id]);
    const two = [second.id, first.id];
    assert.deepEqual(idsOf(await list(`?session_id=${first.session_id}&session_id=${second.session_id}`)), two);
    assert.deepEqual(idsOf(await list(`?session_id=${first.session_id},${second.session_id}`)), two);
    assert.deepEqual(await list(`?session_id=${first.id}`), []);
    assert.deepEqual(await list(`?session_id=${first.session_id}&status=DECLINED`), []);
  });

  test("can show what succeeded alone", async () => {
    const [sale] = await list(`?includes=events.success.true&session_id=${declined.session_id}`);
    assert.deepEqual(sale?.events, declined.events.slice(0, 1));
  });

  const wrong: [query: string, field: string][] = [
    ["status=PAID", "status.0"],
    ["status=CAPTURED,captured", "status.1"],
    ["status=", "status.0"],
    ["includes=session", "includes.0"],
    ["merchant_reference=a&merchant_reference=b", "merchant_reference"],
  ];
  for (const [query, field] of wrong) {
    test(`is not to be had with ${query}`, async () => {
      const refusal = { status: 400, code: "INVALID_REQUEST_PARAMETER", field };
      assertRefused(await shop.call("GET", `/v1/transactions?${query}`), refusal);
    });
  }

  test("takes a parameter that it does not know for nothing", async () => {
    assert.deepEqual(await list("?colour=blue&limit=2"), await list("?limit=2"));
  });

  /** Last of all, because it adds sales. */
  test("is walked page by page without a gap or a repetition, while sales are added in front", async () => {
    const walked: string[] = [];
    for (
      let page = await list("?limit=4");
      page.length > 0;
      page = await list(`?limit=4&starting_after=${walked.at(-1)}`)
    ) {
      walked.push(...idsOf(page));
      await sold({ order: { merchant_reference: "order-1" } });
    }
    assert.deepEqual(
      walked,
      those(() => true),
    );

    const filter = "limit=1&merchant_reference=order-1&terminal_id=T0307";
    const [newest] = await list(`?${filter}`);
    assert.equal(newest?.id, sales[11]?.id);
    assert.deepEqual(await list(`?${filter}&starting_after=${newest?.id}`), []);
  });
});

describe("under /v1/accounts/{aid}/payments", () => {
  const alias = "/v1/accounts/T12345678/payments";

  test("the same is read in the same words", async () => {
    const paths = [
      `/sessions/${captured.session_id}?includes=events.request_headers`,
      `/transactions/${captured.id}?includes=session`,
      "/transactions",
      "/transactions?limit=3&status=DECLINED",
    ];
    for (const path of paths) assert.deepEqual(await get(`${alias}${path}`), await get(`/v1${path}`), path);
  });

  test("the same is refused in the same words", async () => {
    for (const path of ["/sessions/T12345678.0", "/transactions/T12345678.0", "/transactions?limit=0"]) {
      const [there, here] = [await shop.call("GET", `${alias}${path}`), await shop.call("GET", `/v1${path}`)];
      assert.deepEqual([there.status, there.body], [here.status, here.body]);
      assert.ok(here.status >= 400);
    }
  });

  test("a sale is started and called off", async () => {
    await shop.play("manual");
    const created = await shop.call<CreatedSession>(
      "POST",
      `${alias}/sessions-profile?include_session=true`,
      shop.sale(),
    );
    assert.equal(created.status, 200);
    assert.equal(created.body.session?.id, created.body.id);
    const cancelled = await shop.call<Session>("POST", `${alias}/sessions/${created.body.id}/cancel`);
    assert.equal(cancelled.status, 200);
    assert.deepEqual(cancelled.body, await readSession(created.body.id));
  });
});
