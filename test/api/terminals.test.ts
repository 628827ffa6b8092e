/** A shop sets up its terminals: register, list, move, switch off, delete (management sections 3 and 9). */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startApp } from "../../src/app.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Terminal, TerminalList } from "../../src/contract/terminal.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { deviceConnected } from "../../src/flows/terminal-registration.ts";
import { makeLogger } from "../../src/logger.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { tokenOf } from "../support/clients.ts";
import { HandTerminal } from "../support/honest-hand.ts";
import { incidentsAt, openBareShop, sell, sold, transactionOf, untilPrompt } from "../support/honest-shop.ts";
import { type Operator, operatorOf } from "../support/operator.ts";
import { openShop, type Shop, until } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

async function plantStores(shop: Shop): Promise<void> {
  await shop.database.sql(
    `INSERT INTO payout_destinations (account_id, payout_destination_id, name, case_status, created_at)
     VALUES ('T12345678', 'seller-2', 'Seller 2', 'ACTIVE', now())`,
  );
  await shop.database.sql(
    `INSERT INTO stores (account_id, store_id, id, store_name, payout_destination_id, status, created_at) VALUES
       ('T12345678', 'tromsø', 'T12345678-0002', 'Tromsø Sentrum', 'seller-2', 'ACTIVE', now()),
       ('T12345678', 'closed', 'T12345678-0003', 'Stengt', 'seller-1', 'DELETED', now())`,
  );
  await shop.database.sql(
    `WITH other AS (
       INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES
         ('T87654321', 'Other', true, now()), ('P11223344', 'Live', true, now()), ('T00000001', 'New', true, now()))
     SELECT`,
  );
  await shop.database.sql(
    `INSERT INTO stores (account_id, store_id, id, store_name, status, created_at) VALUES
       ('T87654321', 'theirs', 'T87654321-0001', 'Theirs', 'ACTIVE', now()),
       ('P11223344', 'live', 'P11223344-0001', 'Live', 'ACTIVE', now())`,
  );
}

describe("a terminal", () => {
  let shop: Shop;
  let operator: Operator;
  before(async () => {
    shop = await openBareShop();
    await plantStores(shop);
    operator = await operatorOf(shop);
  });
  after(() => shop.close());

  const get = async (terminal_id: string, query = "") =>
    (await operator.terminals("GET", `/${terminal_id}${query}`)).body;
  const changes = async (entity_id: string) =>
    (
      await operator.call<{ action: string; changed_by: string }[]>(
        "GET",
        `/v1/accounts/T12345678/changes?entity_id=${entity_id}`,
      )
    ).body;

  test("that is registered waits for its device, under a number that no other had", async () => {
    const terminal = await operator.register("SN-1", { device_model: "S1U2", label: "Kasse 1, Grünerløkka" });
    const { created_at, ...rest } = terminal;
    assert.deepEqual(rest, {
      terminal_id: "T12345678-T0293",
      device_serial_number: "SN-1",
      device_model: "S1U2",
      store_id: "oslo-center",
      status: "PENDING",
      created_by: "operator",
      connected: false,
      label: "Kasse 1, Grünerløkka",
    });
    assert.ok(Date.parse(created_at) > 0);
    assert.equal((await operator.register("SN-2")).terminal_id, "T12345678-T0294");
    await operator.terminals("DELETE", "/T0294");
    assert.equal((await operator.register("SN-2")).terminal_id, "T12345678-T0295", "a number is not given again");
    const [made] = await changes("T12345678-T0293");
    assert.deepEqual([made?.action, made?.changed_by], ["created", "operator"]);
  });

  test("is registered in a store by either of its ids, at either path", async () => {
    const path = "/v1/accounts/T12345678/management/terminals";
    const asked = { device_serial_number: "SN-3", store_id: "T12345678-0002" };
    const { status, body } = await operator.call<Terminal>("POST", path, asked);
    assert.deepEqual([status, body.store_id], [200, "tromsø"]);
    const read = await operator.call<Terminal>("GET", `${path}/${body.terminal_id}?includes=store`);
    assert.deepEqual(read.body.store, { id: "T12345678-0002", store_name: "Tromsø Sentrum" });
    assert.equal((await get(body.terminal_id)).store, undefined);
  });

  test("takes no sale until it is ready", async () => {
    const { terminal_id } = await operator.register("SN-not-ready");
    assertRefused(await sell(shop, terminal_id), {
      status: 400,
      code: "TERMINAL_NOT_ACTIVE",
      field: "order.store.terminal_id",
    });
  });

  const wrong: { what: string; asked: object; code: string; status?: number; field: string }[] = [
    {
      what: "without a serial number",
      asked: { store_id: "oslo-center" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "device_serial_number",
    },
    {
      what: "without a store",
      asked: { device_serial_number: "SN-x" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "store_id",
    },
    {
      what: "with an empty serial number",
      asked: { device_serial_number: "", store_id: "oslo-center" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "device_serial_number",
    },
    {
      what: "with a number for a serial number",
      asked: { device_serial_number: 42, store_id: "oslo-center" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "device_serial_number",
    },
    {
      what: "of a model that nobody makes",
      asked: { device_serial_number: "SN-x", store_id: "oslo-center", device_model: "S9" },
      code: "INVALID_REQUEST_PARAMETER",
      field: "device_model",
    },
    {
      what: "in a store that is not there",
      asked: { device_serial_number: "SN-x", store_id: "bergen" },
      code: "STORE_UNKNOWN",
      field: "store_id",
    },
    {
      what: "in another account's store",
      asked: { device_serial_number: "SN-x", store_id: "theirs" },
      code: "STORE_UNKNOWN",
      field: "store_id",
    },
    {
      what: "in a deleted store",
      asked: { device_serial_number: "SN-x", store_id: "closed" },
      code: "STORE_NOT_ACTIVE",
      field: "store_id",
    },
    {
      what: "with a device that stands elsewhere",
      asked: { device_serial_number: "SN-1", store_id: "tromsø" },
      code: "SERIAL_NUMBER_TAKEN",
      status: 409,
      field: "device_serial_number",
    },
    {
      what: "simulated, for another account",
      asked: { device_serial_number: "SIMULATED-T87654321-001", store_id: "oslo-center" },
      code: "SIMULATED_SERIAL_WRONG",
      field: "device_serial_number",
    },
    {
      what: "simulated, with two digits",
      asked: { device_serial_number: "SIMULATED-T12345678-01", store_id: "oslo-center" },
      code: "SIMULATED_SERIAL_WRONG",
      field: "device_serial_number",
    },
    {
      what: "real, with the model of a simulated one",
      asked: { device_serial_number: "SN-x", store_id: "oslo-center", device_model: "SIMULATED" },
      code: "DEVICE_MODEL_WRONG",
      field: "device_model",
    },
  ];
  for (const { what, asked, code, status = 400, field } of wrong) {
    test(`${what} is not registered`, async () => {
      const count = "SELECT count(*)::integer AS count FROM terminals";
      const [before] = await shop.database.sql(count);
      assertRefused(await operator.terminals<ErrorBody>("POST", "", asked), { status, code, field });
      assert.deepEqual((await shop.database.sql(count))[0], before);
    });
  }

  test("simulated is refused on a live account", async () => {
    const live = await operatorOf(shop, "P11223344");
    const asked = { device_serial_number: "SIMULATED-P11223344-001", store_id: "live" };
    assertRefused(await live.terminals<ErrorBody>("POST", "", asked), {
      status: 400,
      code: "ACCOUNT_IS_LIVE",
      field: "device_serial_number",
    });
  });

  test("of another account reads like one that never was, whatever is asked of it", async () => {
    const { terminal_id } = await operator.register("SN-ours");
    const stranger = await operatorOf(shop, "T87654321");
    const asked: [string, string, object?][] = [
      ["GET", ""],
      ["PUT", "", { device_model: "S1U2" }],
      ["DELETE", ""],
      ["POST", "/sync"],
      ["POST", "/check-update"],
      ["POST", "/deactivate"],
      ["POST", "/activate"],
      ["POST", "/pairing-code"],
      ["DELETE", "/device"],
    ];
    for (const [method, path, body] of asked) {
      const theirs = await stranger.terminals<ErrorBody>(method, `/${terminal_id}${path}`, body);
      const nobodys = await stranger.terminals<ErrorBody>(method, `/T87654321-T0999${path}`, body);
      assertRefused(theirs, { status: 404, code: "TERMINAL_NOT_FOUND" });
      assert.equal(theirs.body.error.message.replace(terminal_id, "T87654321-T0999"), nobodys.body.error.message);
      assert.deepEqual([...theirs.headers.keys()], [...nobodys.headers.keys()]);
    }
    assert.equal((await get(terminal_id)).status, "PENDING");
  });

  test("is set up by nobody who may only read", async () => {
    const reader = await operatorOf(shop, "T12345678", ["read:accounts"]);
    const asked = { device_serial_number: "SN-r", store_id: "oslo-center" };
    assertRefused(await reader.terminals<ErrorBody>("POST", "", asked), { status: 403, code: "INSUFFICIENT_SCOPE" });
    assert.equal((await reader.terminals("GET")).status, 200);
  });

  test("is moved to another store, and then sells there", async () => {
    const { terminal_id } = await operator.readyTerminal();
    const moved = await operator.terminals("PUT", `/${terminal_id}`, { store_id: "tromsø" });
    assert.deepEqual([moved.status, moved.body.store_id, moved.body.updated_by], [200, "tromsø", "operator"]);
    assertRefused(await sell(shop, terminal_id), {
      status: 400,
      code: "TERMINAL_NOT_LINKED",
      field: "order.store.terminal_id",
    });
    const there = { store: { id: "tromsø", payout_destination_id: "seller-2" } };
    assert.equal((await sell(shop, terminal_id, there)).status, 200);
  });

  test("that is read and sent back whole changes nothing, and keeps what we do not know", async () => {
    const made = await operator.register("SN-whole", { label: "Kasse 7" });
    const { body } = await operator.terminals("PUT", `/${made.terminal_id}`, { ...made, note: "ved døra" });
    const { updated_at: _, updated_by: __, ...rest } = body;
    assert.deepEqual(rest, { ...made, note: "ved døra" });
    const other = { device_serial_number: "SN-other" };
    const refusal = await operator.terminals<ErrorBody>("PUT", `/${made.terminal_id}`, other);
    assertRefused(refusal, { status: 400, code: "SERIAL_NUMBER_FIXED", field: "device_serial_number" });
  });

  test("with a sale open is not moved, and the refusal names the sale", async () => {
    const { terminal_id } = await operator.readyTerminal();
    const session_id = await sold(shop, terminal_id);
    const [prompt] = await shop.database.sql<{ id: string }>("SELECT id FROM prompts WHERE session_id = $1", [
      session_id,
    ]);
    const refusal = await operator.terminals<ErrorBody>("PUT", `/${terminal_id}`, { store_id: "tromsø" });
    assertRefused(refusal, { status: 409, code: "TERMINAL_HAS_OPEN_WORK", field: "store_id" });
    assert.ok(refusal.body.error.message.includes(`sale ${prompt?.id} (PENDING)`), refusal.body.error.message);
    assert.equal((await get(terminal_id)).store_id, "oslo-center");
    assert.equal((await operator.terminals("PUT", `/${terminal_id}`, { store_id: "oslo-center" })).status, 200);
  });

  test("that is switched off takes no sale, ends the one it has, and sells when it is switched on", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id);
    const prompt = await link.expect("prompt");
    const off = await operator.terminals("POST", `/${terminal_id}/deactivate`);
    assert.deepEqual([off.status, off.body.status], [200, "INACTIVE"]);
    link.send({ type: "card_presented", prompt_id: prompt.prompt_id }, terminal.approval(prompt));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
    assertRefused(await sell(shop, terminal_id), {
      status: 400,
      code: "TERMINAL_NOT_ACTIVE",
      field: "order.store.terminal_id",
    });
    assert.equal((await operator.terminals("POST", `/${terminal_id}/activate`)).body.status, "ACTIVE");
    assert.equal((await sell(shop, terminal_id)).status, 200);
    terminal.leave();
  });

  test("that lacks its device is not switched on by a word", async () => {
    const { terminal_id } = await operator.register("SN-word");
    const refusal = await operator.terminals<ErrorBody>("POST", `/${terminal_id}/activate`);
    assertRefused(refusal, { status: 409, code: "TERMINAL_STATUS_CONFLICT" });
    assert.equal((await operator.terminals("POST", `/${terminal_id}/deactivate`)).body.status, "INACTIVE");
    assert.equal((await operator.terminals("POST", `/${terminal_id}/activate`)).body.status, "PENDING");
    assert.equal((await operator.terminals("POST", `/${terminal_id}/sync`)).body.status, "PENDING");
  });

  test("with a paired device is ACTIVE after a check-update and the device's hello, in either order", async () => {
    for (const first of ["hello", "check-update"] as const) {
      const { terminal_id, device_serial_number } = await operator.register(`SN-${first}-first`);
      const terminal = await operator.pair({ terminal_id, device_serial_number });
      if (first === "hello") await terminal.connect();
      else await operator.terminals("POST", `/${terminal_id}/check-update`);
      const halfway = await get(terminal_id);
      assert.deepEqual([halfway.status, halfway.status_reason], ["ACTION_REQUIRED", "CHECK_UPDATE"], first);
      if (first === "hello") await operator.terminals("POST", `/${terminal_id}/sync`);
      else await terminal.connect();
      const { status, status_reason } = await get(terminal_id);
      assert.deepEqual([status, status_reason], ["ACTIVE", undefined], first);
      terminal.leave();
    }
  });

  test("that says hello without being asked for stays as it is", async () => {
    const { terminal_id } = await operator.register("SN-hello");
    await deviceConnected(shop.app.world, { account_id: "T12345678", terminal_id });
    assert.equal((await get(terminal_id)).status, "PENDING");
  });
});

describe("a terminal that is deleted", () => {
  let shop: Shop;
  let operator: Operator;
  before(async () => {
    shop = await openBareShop();
    operator = await operatorOf(shop);
  });
  after(() => shop.close());

  test("without open work leaves no incident, sells no more, and is answered the same again", async () => {
    const { terminal_id } = await operator.register("SN-del");
    const { status, body } = await operator.terminals("DELETE", `/${terminal_id}`);
    assert.deepEqual([status, body.status, body.deleted_by], [200, "DELETED", "operator"]);
    assert.deepEqual((await operator.terminals("DELETE", `/${terminal_id}`)).body, body);
    assert.deepEqual((await operator.terminals("GET", `/${terminal_id}`)).body, body);
    assertRefused(await sell(shop, terminal_id), {
      status: 400,
      code: "TERMINAL_UNKNOWN",
      field: "order.store.terminal_id",
    });
    assertRefused(await operator.terminals<ErrorBody>("PUT", `/${terminal_id}`, {}), {
      status: 404,
      code: "TERMINAL_NOT_FOUND",
    });
    assert.deepEqual(await incidentsAt(shop, terminal_id), []);
  });

  test("with a sale on its screen ends that sale as the cardholder does, and a person is told at once", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id);
    const prompt = await link.expect("prompt");
    link.send({ type: "shown", prompt_id: prompt.prompt_id });
    await untilPrompt(shop, session_id, "SHOWN");
    assert.equal((await operator.terminals("DELETE", `/${terminal_id}`)).body.status, "DELETED");
    const [incident, ...more] = await incidentsAt(shop, terminal_id);
    assert.deepEqual([incident?.kind, more.length], ["DELETED_WITH_OPEN_WORK", 0]);
    assert.ok(incident);
    const { open } = incident.details as { open: { what: string; id: string; status: string }[] };
    assert.deepEqual(
      open.map(({ what, id, status }) => [what, id, status]),
      [["sale", prompt.prompt_id, "SHOWN"]],
    );
    link.send({ type: "card_presented", prompt_id: prompt.prompt_id }, terminal.approval(prompt));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
    terminal.leave();
  });

  test("with a sale that waits for it still gets it when it comes back, and tells how it ended", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const session_id = await sold(shop, terminal_id);
    await operator.terminals("DELETE", `/${terminal_id}`);
    const link = await terminal.connect();
    const prompt = await link.expect("prompt");
    link.send(terminal.result(prompt.prompt_id, "declined"));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, session_id)).status, "DECLINED");
    await terminal.closeDay(link);
    terminal.leave();
    const again = new HandTerminal(shop.app.address, terminal.enrolled);
    await assert.rejects(again.connect(), /TERMINAL_DELETED/);
  });

  test("may tell what its journal has not been acknowledged, and is cut off when it has told all", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    await operator.terminals("DELETE", `/${terminal_id}`);
    const link = await terminal.connect([{ prompt_id: "pr_of_long_ago", step: "concluded" }]);
    link.send(terminal.result("pr_of_long_ago", "declined"));
    await link.expect("acknowledge");
    await terminal.closeDay(link);
    assert.equal((await link.expect("refused")).code, "REPLACED");
    const again = new HandTerminal(shop.app.address, terminal.enrolled);
    await assert.rejects(again.connect(), /TERMINAL_DELETED/);
  });

  test("whose host holds money is let in until it has been captured", async () => {
    const terminal = await operator.readyTerminal();
    const { terminal_id } = terminal;
    const first = await terminal.connect();
    const session_id = await sold(shop, terminal_id, { configuration: { auto_capture: false } });
    first.send(terminal.approval(await first.expect("prompt")));
    const { id } = await shop.ended(session_id);
    await first.expect("acknowledge");
    terminal.leave();
    await operator.terminals("DELETE", `/${terminal_id}`);
    const [incident] = await incidentsAt(shop, terminal_id);
    assert.equal(incident?.kind, "DELETED_WITH_OPEN_WORK");
    const link = await terminal.connect();
    await terminal.closeDay(link);
    const capture = shop.call<Transaction>("POST", `/v1/transactions/${id}/capture`, { amount: 39900 });
    const { advice_id } = await link.expect("advice");
    const { journal_id } = terminal;
    link.send({ type: "advice_result", journal_id, sequence: ++terminal.sequence, advice_id, outcome: "accepted" });
    assert.deepEqual([(await capture).status, (await capture).body.status], [200, "CAPTURED"]);
    await link.expect("acknowledge");
    assert.equal((await link.expect("refused")).code, "REPLACED");
    await assert.rejects(terminal.connect(), /TERMINAL_DELETED/);
  });

  test("leaves its device free to be registered again", async () => {
    const { terminal_id } = await operator.register("SN-again");
    await operator.terminals("DELETE", `/${terminal_id}`);
    assert.notEqual((await operator.register("SN-again")).terminal_id, terminal_id);
  });
});

describe("the list of terminals", () => {
  let shop: Shop;
  let operator: Operator;
  before(async () => {
    shop = await openBareShop();
    await plantStores(shop);
    operator = await operatorOf(shop);
    for (let number = 1; number <= 4; number++) await operator.register(`L-${number}`, { device_model: "S1P2" });
    for (let number = 5; number <= 6; number++) await operator.register(`L-${number}`, { store_id: "tromsø" });
    const gone = await operator.register("L-gone");
    await operator.terminals("DELETE", `/${gone.terminal_id}`);
  });
  after(() => shop.close());

  const list = async (query: string): Promise<TerminalList> =>
    (await operator.terminals<TerminalList>("GET", query)).body as TerminalList;
  const serials = async (query: string) =>
    (await list(query)).terminals.map(({ device_serial_number }) => device_serial_number);
  const demo = "SIMULATED-T12345678-292";

  test("is newest first, and leaves out the deleted ones", async () => {
    assert.deepEqual(await serials(""), ["L-6", "L-5", "L-4", "L-3", "L-2", "L-1", demo]);
    assert.deepEqual(await serials("?status=DELETED"), ["L-gone"]);
  });

  test("of an account without terminals is empty", async () => {
    const other = await operatorOf(shop, "T00000001");
    assert.deepEqual((await other.terminals<TerminalList>("GET")).body, { terminals: [] });
  });

  test("has pages that neither repeat nor skip a terminal while others are registered", async () => {
    const first = await list("?limit=3");
    assert.deepEqual(
      first.terminals.map((one) => one.device_serial_number),
      ["L-6", "L-5", "L-4"],
    );
    const { terminal_id } = await operator.register("L-between");
    const second = await list(`?limit=3&starting_after=${first.starting_after}`);
    assert.deepEqual(
      second.terminals.map((one) => one.device_serial_number),
      ["L-3", "L-2", "L-1"],
    );
    const third = await list(`?limit=3&starting_after=${second.starting_after}`);
    assert.deepEqual(
      third.terminals.map((one) => one.device_serial_number),
      [demo],
    );
    assert.equal(third.starting_after, undefined);
    await operator.terminals("DELETE", `/${terminal_id}`);
  });

  test("is filtered by seller, store, status, model and serial number, each by one or several", async () => {
    assert.deepEqual(await serials("?payout_destination_id[]=seller-2"), ["L-6", "L-5"]);
    assert.deepEqual(await serials("?store_id=troms%C3%B8"), ["L-6", "L-5"]);
    assert.deepEqual(await serials("?store_id[]=T12345678-0002"), ["L-6", "L-5"]);
    assert.equal((await serials("?store_id=oslo-center&store_id=troms%C3%B8")).length, 7);
    assert.deepEqual(await serials("?status=ACTIVE"), [demo]);
    assert.equal((await serials("?status=PENDING,DELETED")).length, 8);
    assert.deepEqual(await serials("?device_model=S1P2&limit=2"), ["L-4", "L-3"]);
    assert.deepEqual(await serials("?device_serial_number=L-2,L-5"), ["L-5", "L-2"]);
    assert.deepEqual(await serials("?device_serial_number=L-2&store_id=troms%C3%B8"), []);
  });

  test("names the stores where it is asked to", async () => {
    const { terminals } = await list("?includes[]=store&device_serial_number=L-5");
    assert.deepEqual(terminals[0]?.store, { id: "T12345678-0002", store_name: "Tromsø Sentrum" });
  });

  test("refuses a question that it does not understand", async () => {
    for (const [query, field] of [
      ["?limit=0", "limit"],
      ["?limit=101", "limit"],
      ["?starting_after=T87654321-T0001", "starting_after"],
      ["?status=ASLEEP", "status.0"],
      ["?includes=store,store", "includes"],
    ] as const) {
      assertRefused(await operator.terminals<ErrorBody>("GET", query), { status: 400, field });
    }
  });
});

describe("a simulated terminal", () => {
  let shop: Shop;
  let operator: Operator;
  before(async () => {
    shop = await openShop();
    operator = await operatorOf(shop);
  });
  after(() => shop.close());

  test("is ACTIVE at once and sells by itself", async () => {
    const terminal = await operator.register("SIMULATED-T12345678-001");
    assert.deepEqual([terminal.status, terminal.device_model], ["ACTIVE", "SIMULATED"]);
    const { status, body } = await sell(shop, terminal.terminal_id);
    assert.equal(status, 200);
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
  });

  test("runs once however many are registered at the same time", async () => {
    const numbers = [11, 12, 13, 14, 15, 16];
    const made = await Promise.all(numbers.map((number) => operator.register(`SIMULATED-T12345678-0${number}`)));
    assert.equal(new Set(made.map(({ terminal_id }) => terminal_id)).size, numbers.length);
    for (const { terminal_id } of made) {
      await until(async () => (await operator.terminals("GET", `/${terminal_id}`)).body.connected);
      const [seat] = await shop.database.sql<{ connection_epoch: number }>(
        "SELECT connection_epoch::integer FROM terminal_seats WHERE terminal_id = $1",
        [terminal_id],
      );
      assert.equal(seat?.connection_epoch, 1, terminal_id);
    }
  });

  test("whose device was revoked gets another, and sells; what the old one had on its screen stays a person's", async () => {
    const { terminal_id } = await operator.register("SIMULATED-T12345678-003");
    const connected = async () => (await operator.terminals("GET", `/${terminal_id}`)).body.connected;
    await until(connected);
    const { body: before } = await operator.terminals("GET", `/${terminal_id}`);
    const pair = () =>
      operator.call<Terminal>("POST", `/v1/accounts/T12345678/simulated-terminals/${terminal_id}/pair`);
    assert.deepEqual((await pair()).body.device, before.device, "nothing changes while a device is paired");
    const person = `/v1/accounts/T12345678/simulated-terminals/${terminal_id}/person`;
    await shop.call("POST", person, { action: "manual" });
    const lost = (await sell(shop, terminal_id)).body.id;
    await untilPrompt(shop, lost, "SHOWN");
    await operator.terminals("DELETE", `/${terminal_id}/device`);
    assert.equal((await operator.terminals("GET", `/${terminal_id}`)).body.status, "PENDING");
    assert.equal((await pair()).status, 200);
    await until(async () => (await operator.terminals("GET", `/${terminal_id}`)).body.status === "ACTIVE");
    await until(connected);
    assert.notEqual(
      (await operator.terminals("GET", `/${terminal_id}`)).body.device?.device_id,
      before.device?.device_id,
    );
    const { body } = await sell(shop, terminal_id);
    await shop.call("POST", person, { action: "tap" });
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
    assert.equal((await transactionOf(shop, lost)).status, "UNKNOWN");
  });

  test("alone is given a device so: another terminal needs its own", async () => {
    const { terminal_id } = await operator.register("SN-of-a-box");
    const refused = await operator.call("POST", `/v1/accounts/T12345678/simulated-terminals/${terminal_id}/pair`);
    assertRefused(refused, { status: 404, code: "SIMULATED_TERMINAL_NOT_FOUND" });
    assert.equal((await operator.terminals("GET", `/${terminal_id}`)).body.status, "PENDING");
  });

  test("is run by another process where the one that registered it runs none", async () => {
    const without = await startApp({
      config: { ...shop.config, port: 0, simulators: false },
      clock: systemClock,
      random: systemRandom,
      logger: makeLogger(shop.config.log_level, process.stderr),
      onLost: (problem) => {
        throw problem;
      },
    });
    try {
      const claims = { account_id: "T12345678", client_id: "operator", scopes: ["admin:accounts" as const] };
      const authorization = `Bearer ${await tokenOf(shop, claims)}`;
      const answer = await fetch(`${without.address}/v1/accounts/T12345678/terminals`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify({ device_serial_number: "SIMULATED-T12345678-021", store_id: "oslo-center" }),
      });
      const { terminal_id } = (await answer.json()) as Terminal;
      await until(async () => (await operator.terminals("GET", `/${terminal_id}`)).body.connected);
    } finally {
      await without.close();
    }
  });

  test("that is deleted is switched off", async () => {
    const { terminal_id } = await operator.register("SIMULATED-T12345678-002");
    await until(async () => (await operator.terminals("GET", `/${terminal_id}`)).body.connected);
    await operator.terminals("DELETE", `/${terminal_id}`);
    await until(async () => !(await operator.terminals("GET", `/${terminal_id}`)).body.connected);
    const person = await shop.call("GET", `/v1/accounts/T12345678/simulated-terminals/${terminal_id}`);
    assertRefused(person, { status: 404, code: "SIMULATED_TERMINAL_NOT_FOUND" });
  });
});
