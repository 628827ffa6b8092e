/** How a sale gets onto the terminal's screen, and what the till is told about it. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { CreatedSession, PublishEntry, Session } from "../../src/contract/session.ts";
import { openShop, type SaleChange, type Shop } from "../support/shop.ts";

let shop: Shop;
before(async () => {
  shop = await openShop();
  await shop.play("manual");
  const without = `UPDATE payment_profiles SET configuration = configuration - 'publish' - 'channel'`;
  await shop.database.sql(
    `INSERT INTO payment_profiles (account_id, profile_id, description, configuration, created_at, updated_at)
     SELECT account_id, 'quiet', '', configuration, now(), now() FROM payment_profiles`,
  );
  await shop.database.sql(`${without} WHERE profile_id = 'quiet'`);
});
after(() => shop.close());
afterEach(async () => {
  await shop.play("online");
  const open = "SELECT session_id FROM prompts WHERE status IN ('PENDING', 'SENT', 'SHOWN')";
  for (const { session_id } of await shop.database.sql<{ session_id: string }>(open)) {
    await shop.call("POST", `/v1/sessions/${session_id}/cancel`);
  }
});

async function create(change: SaleChange = {}): Promise<CreatedSession> {
  const { status, body } = await shop.create(change);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const read = async (id: string): Promise<Session> => (await shop.call<Session>("GET", `/v1/sessions/${id}`)).body;

const onScreen = async () => {
  const path = `/v1/accounts/T12345678/simulated-terminals/T12345678-T0292`;
  const { body } = await shop.call<{ screen: { amount?: number; text: string } }>("GET", path);
  return body.screen;
};
/** The prompt is on the terminal's screen. */
const prompted = (amount: number) => shop.until(async () => (await onScreen()).amount === amount);

async function unplugged(): Promise<void> {
  await shop.play("offline");
  await shop.until(async () => {
    const [seat] = await shop.database.sql("SELECT connected_to FROM terminal_seats");
    return seat?.connected_to === null;
  });
}

/** The entry without what the server said about it. */
const asSent = ({ id: _, status: __, expires_at: ___, ...sent }: PublishEntry) => sent;

describe("a publish entry for the terminal", () => {
  const spellings = [
    { channel: "terminal", type: "push" },
    { channel: "push", type: "terminal" },
  ];
  for (const entry of spellings) {
    test(`written ${entry.channel}/${entry.type} pushes the sale, and comes back as sent, with an id and a status`, async () => {
      const { publish } = await create({ profile_id: "quiet", configuration: { publish: [entry] } });
      assert.equal(publish.length, 1);
      const [pushed] = publish;
      assert.ok(pushed);
      assert.deepEqual(asSent(pushed), entry);
      assert.equal(pushed.status, "sent");
      assert.match(pushed.id ?? "", /\S/);
      assert.equal(pushed.expires_at, undefined);
      await prompted(39900);
    });
  }

  test("in the profile counts where the request has none, and gets an id of its own for each sale", async () => {
    const first = await create();
    await shop.call("POST", `/v1/sessions/${first.id}/cancel`);
    const second = await create();
    const [one, other] = [first.publish[0], second.publish[0]];
    assert.ok(one && other);
    assert.deepEqual(asSent(one), { channel: "terminal", type: "push" });
    assert.notEqual(one.id, other.id);
  });

  test("stands on the session under the id that was answered", async () => {
    const sent = { channel: "push", type: "terminal", note: "till 4" };
    const { id, publish } = await create({ configuration: { publish: [sent] } });
    assert.deepEqual((await read(id)).configuration?.publish, [{ ...sent, id: publish[0]?.id }]);
  });

  test("may stand beside one for something else, which is skipped", async () => {
    const publish = [
      { channel: "sms", type: "checkout-link" },
      { channel: "terminal", type: "push", id: "mine", status: "failed" },
    ];
    const answered = (await create({ configuration: { publish } })).publish;
    assert.deepEqual(
      answered.map(({ status }) => status),
      ["skipped", "sent"],
    );
    assert.notEqual(answered[0]?.id, answered[1]?.id);
    assert.notEqual(answered[1]?.id, "mine", "an id is given by the server");
  });
});

describe("without any publish entry", () => {
  for (const [what, configuration] of [
    ["in profile or request", {}],
    ["in an empty list", { publish: [] }],
  ] as const) {
    test(`${what}, the sale is on the terminal all the same`, async () => {
      const { publish } = await create({ profile_id: "quiet", configuration, order: { amount: 12300 } });
      assert.deepEqual(publish, []);
      await prompted(12300);
    });
  }

  test("and without a channel, the sale is one in a shop", async () => {
    const { id } = await create({ profile_id: "quiet" });
    const { transaction_id } = await read(id);
    const { body } = await shop.call<{ channel: string }>("GET", `/v1/transactions/${transaction_id}`);
    assert.equal(body.channel, "in_store");
  });
});

describe("a sale for a terminal that is offline", () => {
  test("is taken, says that it was not pushed and until when it may be, and is pushed when the terminal comes back", async () => {
    await unplugged();
    const created = await create({ order: { amount: 45600 } });
    const [entry] = created.publish;
    assert.equal(entry?.status, "failed");
    const waiting = await read(created.id);
    assert.equal(Date.parse(entry?.expires_at ?? "") - Date.parse(waiting.created_at), 120_000);
    assert.deepEqual(
      waiting.events.map(({ name }) => name),
      ["INITIATED"],
    );
    assert.ok(waiting.transaction_id, "the transaction is there from the start");

    await shop.play("online");
    await prompted(45600);
    await shop.play("tap");
    assert.equal((await shop.ended(created.id)).status, "CAPTURED");
    assert.equal((await read(created.id)).events[1]?.name, "PUSH_NOTIFICATION_SENT");
  });

  test("takes the terminal: another sale is told so", async () => {
    await unplugged();
    const { id } = await create();
    const second = await shop.create();
    assert.equal(second.status, 409);
    assert.equal(second.body.error.session_id, id);
  });

  test("is called off at once, and is never shown", async () => {
    await unplugged();
    const { id } = await create({ order: { amount: 78900 } });
    const cancelled = await shop.call<Session>("POST", `/v1/sessions/${id}/cancel`);
    assert.equal(cancelled.status, 200);
    assert.equal((await shop.ended(id)).status, "DECLINED");
    await shop.play("online");
    await create({ order: { amount: 11100 } });
    await prompted(11100);
    const names = (await read(id)).events.map(({ name }) => name);
    assert.deepEqual(names, ["INITIATED", "CANCELLED"]);
  });

  test("stays valid no longer than its session", async () => {
    await unplugged();
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    assert.equal((await create({ expires_at })).publish[0]?.expires_at, expires_at);
  });
});

describe("include_session=true", () => {
  test("puts the whole session in the answer, as reading it gives it", async () => {
    await unplugged();
    const created = await shop.call<CreatedSession>("POST", "/v1/sessions-profile?include_session=true", shop.sale());
    assert.equal(created.status, 200);
    assert.deepEqual(created.body.session, await read(created.body.id));
  });

  for (const query of ["", "?include_session=false"]) {
    test(`is not what ${query === "" ? "no word about it" : query} asks for`, async () => {
      const created = await shop.call<CreatedSession>("POST", `/v1/sessions-profile${query}`, shop.sale());
      assert.equal(created.status, 200);
      assert.ok(!("session" in created.body));
    });
  }
});
