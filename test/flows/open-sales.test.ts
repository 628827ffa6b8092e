/** What a till that has lost its memory can ask: which sale is open, and what is my terminal doing. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Terminal } from "../../src/contract/terminal.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { tokenOf } from "../support/clients.ts";
import type { HandTerminal } from "../support/honest-hand.ts";
import { handTerminal, later, openBareShop, sold, untilConnected } from "../support/honest-shop.ts";
import type { Shop } from "../support/shop.ts";

let shop: Shop;
let terminal: HandTerminal;
before(async () => {
  shop = await openBareShop({ TAPLINE_STOP_ANSWER_S: "1" });
});
after(() => shop.close());
afterEach(() => terminal.leave());

const openOn = async (terminal_id: string): Promise<string[]> => {
  const { status, body } = await shop.call<Session[]>("GET", `/v1/sessions?terminal_id=${terminal_id}&open=true`);
  assert.equal(status, 200);
  return body.map(({ id }) => id);
};

describe("GET /v1/sessions?terminal_id=…&open=true", () => {
  test("finds a till's sale from its creation to its end, UNKNOWN included, and none of another till's", async () => {
    terminal = await handTerminal(shop);
    const { terminal_id } = terminal;
    const other = await handTerminal(shop);
    await sold(shop, other.terminal_id);
    assert.deepEqual(await openOn(terminal_id), []);

    const session_id = await sold(shop, terminal_id);
    assert.deepEqual(await openOn(terminal_id), [session_id], "not sent yet");
    const link = await terminal.connect();
    const prompt = await link.expect("prompt");
    assert.deepEqual(await openOn(terminal_id), [session_id], "sent");
    link.send({ type: "shown", prompt_id: prompt.prompt_id });
    await link.settled();
    assert.deepEqual(await openOn(terminal_id), [session_id], "shown");
    link.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    await link.settled();
    assert.deepEqual(await openOn(terminal_id), [session_id], "a card presented");
    await actOnDeadlines(later(shop.app.world, 200_000));
    assert.deepEqual(await openOn(terminal_id), [session_id], "UNKNOWN");
    link.send(terminal.approval(prompt));
    await link.expect("acknowledge");
    assert.deepEqual(await openOn(terminal_id), [], "ended");

    const ended = await shop.call<Session[]>("GET", `/v1/sessions?terminal_id=${terminal_id}&open=false`);
    assert.deepEqual(
      ended.body.map(({ id }) => id),
      [session_id],
    );
  });

  test("takes the terminal's short number as well, and several terminals", async () => {
    terminal = await handTerminal(shop);
    const second = await handTerminal(shop);
    const first_sale = await sold(shop, terminal.terminal_id);
    const second_sale = await sold(shop, second.terminal_id);
    const number = terminal.terminal_id.replace(/^.*-/, "");
    assert.deepEqual(await openOn(number), [first_sale]);
    assert.deepEqual((await openOn(`${number},${second.terminal_id}`)).sort(), [first_sale, second_sale].sort());
  });

  test("finds nothing of another account's", async () => {
    terminal = await handTerminal(shop);
    await sold(shop, terminal.terminal_id);
    const claims = { account_id: "T87654321", client_id: "stranger", scopes: ["admin:checkout"] };
    const token = await tokenOf(shop, claims);
    const path = `/v1/sessions?terminal_id=${terminal.terminal_id}&open=true`;
    const { status, body } = await shop.call<Session[]>("GET", path, undefined, { authorization: `Bearer ${token}` });
    assert.deepEqual([status, body], [200, []]);
  });
});

describe("GET /v1/accounts/{aid}/terminals/{terminal_id}", () => {
  async function read(terminal_id: string, account_id: string = shop.demo.account_id) {
    const token = await tokenOf(shop, { account_id, client_id: "till", scopes: ["read:accounts"] });
    const path = `/v1/accounts/${account_id}/terminals/${terminal_id}`;
    return shop.call<Terminal & ErrorBody>("GET", path, undefined, { authorization: `Bearer ${token}` });
  }

  test("tells whether it is connected, when it was last seen, and what is open on it", async () => {
    terminal = await handTerminal(shop);
    const { terminal_id } = terminal;
    const never = (await read(terminal_id)).body;
    assert.deepEqual([never.connected, never.last_seen_at, never.open_prompt], [false, undefined, undefined]);
    assert.equal(never.status, "ACTIVE");

    const before_hello = Date.now() - 1_000;
    const link = await terminal.connect();
    const connected = (await read(terminal_id)).body;
    assert.equal(connected.connected, true);
    assert.ok(Date.parse(connected.last_seen_at ?? "") >= before_hello);
    assert.equal(connected.open_prompt, undefined);

    const session_id = await sold(shop, terminal_id, { order: { merchant_reference: "table-4" } });
    const prompt = await link.expect("prompt");
    link.send({ type: "shown", prompt_id: prompt.prompt_id });
    await link.settled();
    const open = { session_id, merchant_reference: "table-4", status: "SHOWN", amount: 39_900, currency: "NOK" };
    assert.deepEqual((await read(terminal_id)).body.open_prompt, open);

    link.cut();
    await untilConnected(shop, terminal_id, false);
    const gone = (await read(terminal_id)).body;
    assert.equal(gone.connected, false);
    assert.ok((gone.last_seen_at ?? "") > (connected.last_seen_at ?? ""), "when it went");
    assert.deepEqual(gone.open_prompt, open, "a terminal that has gone keeps its open sale");

    const back = await terminal.connect([{ prompt_id: prompt.prompt_id, step: "concluded" }]);
    back.send(terminal.approval(prompt));
    await back.expect("acknowledge");
    assert.equal((await read(terminal_id)).body.open_prompt, undefined);
  });

  test("of another account, or that is none, is 404 or refused, and tells nothing", async () => {
    terminal = await handTerminal(shop);
    assert.equal((await read("T12345678-T9999")).body.error.code, "TERMINAL_NOT_FOUND");
    const stranger = await read(terminal.terminal_id, "T87654321");
    assert.deepEqual([stranger.status, stranger.body.error.code], [404, "TERMINAL_NOT_FOUND"]);
  });
});
