/** No callback before the answer: a shop that is told of a session it does not know yet can only refuse it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { CreatedSession } from "../../src/contract/session.ts";
import { openShop, type Shop } from "../support/shop.ts";

/** Much longer than an instant simulated sale takes, from the prompt to the callback. */
const slow_ms = 150;

describe("a sale on a terminal that takes no time", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
  });
  after(() => shop.close());

  test("has no callback, and is not shown, before its point of sale is answered, however slow the answer is", async () => {
    const { db } = shop.app.world;
    const { query } = db;
    let seen: unknown[] | undefined;
    // The answer waits for a read of the session, which takes its time.
    Object.assign(db, {
      query: async (...asked: Parameters<typeof query>) => {
        const rows = await query(...asked);
        if (seen === undefined && asked[0].name === "read_session") {
          await new Promise((over) => setTimeout(over, slow_ms));
          const prompts = await shop.database.sql("SELECT status FROM prompts");
          seen = [shop.callbacks.length, ...prompts.map(({ status }) => status)];
        }
        return rows;
      },
    });
    const answer = await shop.call<CreatedSession>("POST", "/v1/sessions-profile?include_session=true", shop.sale());
    assert.equal(answer.status, 200);
    assert.deepEqual(seen, [0, "PENDING"]);
    const callback = await shop.until(() => shop.callbacks[0]);
    assert.equal(callback.url.searchParams.get("session_id"), answer.body.id);
  });

  test("goes on where the point of sale has hung up before its answer", async () => {
    const sold = shop.callbacks.length;
    const controller = new AbortController();
    const asked = fetch(`${shop.app.address}/v1/sessions-profile`, {
      method: "POST",
      headers: { authorization: `Bearer ${shop.token}`, "content-type": "application/json" },
      body: JSON.stringify(shop.sale()),
      signal: controller.signal,
    }).catch(() => {});
    await shop.until(async () => (await shop.database.sql("SELECT FROM sessions")).length === 2);
    controller.abort();
    await asked;
    await shop.until(() => shop.callbacks.length > sold);
  });
});
