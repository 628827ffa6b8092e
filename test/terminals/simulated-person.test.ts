/** The person in front of a simulated terminal: acts by themselves or waits to be told, and stays so over a restart. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type App, type OpenedDemo, openDemo, startApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import type { PersonAction, SimulatedTerminalState } from "../../src/contract/account.ts";
import { Rejection } from "../../src/domain/rejections.ts";
import { playPerson } from "../../src/http/simulated-terminals.ts";
import { makeLogger } from "../../src/logger.ts";
import { Person, type Setting } from "../../src/simulator/person.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { openShop, type Shop, until } from "../support/shop.ts";

describe("the person in front of a simulated terminal", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop();
  });
  after(() => shop.close());

  const look = async (): Promise<SimulatedTerminalState> => {
    const path = `/v1/accounts/${shop.demo.account_id}/simulated-terminals/${shop.demo.terminal_id}`;
    return (await shop.call<SimulatedTerminalState>("GET", path)).body;
  };
  const onScreen = (session_id: string) =>
    until(async () => {
      const [row] = await shop.database.sql("SELECT FROM prompts WHERE session_id = $1 AND status = 'SHOWN'", [
        session_id,
      ]);
      return row;
    });

  test("set to auto answers a prompt that is on the screen already", async () => {
    await shop.play("manual");
    const { body } = await shop.create();
    await onScreen(body.id);
    const { body: state } = await shop.play("auto");
    assert.equal(state.mode, "auto");
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
  });

  test("set to manual leaves the next prompt alone, and sees what is to be paid", async () => {
    await shop.play("manual");
    const { body } = await shop.create({ order: { amount: 1250, currency: "EUR", items: [] } });
    await onScreen(body.id);
    const { screen } = await look();
    assert.deepEqual([screen.text, screen.amount, screen.currency], ["Present card: 12.50 EUR", 1250, "EUR"]);
    assert.equal((await shop.play("cancel")).body.screen.text, "Cancelled");
    await shop.ended(body.id);
  });

  test("may be told to tap before there is a prompt, and taps the next one", async () => {
    await shop.play("manual");
    const tapped = shop.play("tap");
    const { body } = await shop.create();
    assert.equal((await tapped).body.screen.text, "Approved");
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
  });

  test("with the network cable out taps, and the sale is captured when it is in again", async () => {
    await shop.play("manual");
    const { body } = await shop.create();
    await onScreen(body.id);
    assert.equal((await shop.play("offline")).body.network, "offline");
    assert.equal((await shop.play("tap")).body.screen.text, "Approved");
    const [row] = await shop.database.sql("SELECT status FROM transactions WHERE session_id = $1", [body.id]);
    assert.equal(row?.status, "INITIATED");
    assert.equal((await shop.play("online")).body.network, "online");
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
  });

  test("with the network cable out sees nothing of a sale, and sees it when it is in again", async () => {
    await shop.play("manual");
    await shop.play("offline");
    await until(async () => (await shop.database.sql("SELECT FROM terminal_seats WHERE connected_to IS NULL"))[0]);
    const { body } = await shop.create();
    assert.equal(body.publish[0]?.status, "failed");
    await shop.play("online");
    await onScreen(body.id);
    await shop.play("tap");
    assert.equal((await shop.ended(body.id)).status, "CAPTURED");
  });

  test("whose sale is cancelled by the point of sale just as they tap: one of the two happens, and is told", async () => {
    await shop.play("manual");
    for (let round = 0; round < 5; round++) {
      const { body } = await shop.create();
      await onScreen(body.id);
      const tapped = shop.play("tap");
      const cancelled = await shop.call("POST", `/v1/sessions/${body.id}/cancel`);
      const { status } = await shop.ended(body.id);
      assert.equal(status, cancelled.status === 200 ? "DECLINED" : "CAPTURED");
      // A card that found nothing to pay is still in the hand, and pays the next sale.
      const next = status === "DECLINED" ? await shop.create() : undefined;
      assert.equal((await tapped).status, 200);
      if (next !== undefined) assert.equal((await shop.ended(next.body.id)).status, "CAPTURED");
    }
  });
});

describe("a person told to act with nothing on the screen", () => {
  const kept: Setting[] = [];
  const person = new Person(
    {
      clock: systemClock,
      terminal_id: "T12345678-T0292",
      delay_ms: 0,
      keep: async (setting) => void kept.push(setting),
    },
    { mode: "manual", network: "online" },
  );

  for (const action of ["tap", "decline", "cancel"] as const) {
    test(`waits for a prompt, then says that there was none: ${action}`, async () => {
      const began = performance.now();
      assert.equal(await person.play(action, 20), false);
      assert.ok(performance.now() - began >= 19);
      assert.deepEqual(kept, []);
    });

    test(`is answered NO_PROMPT, with what was waited for: ${action}`, async () => {
      const handler = playPerson(() => ({
        state: () => person.state(),
        play: (asked) => person.play(asked, 0),
        order: () => {},
      }));
      const call = {
        account_id: "T12345678",
        client_id: "c",
        scopes: [],
        request_id: "r",
        headers: {},
        address: "127.0.0.1",
        params: { aid: "T12345678", terminal_id: "T0292" },
        query: undefined,
        body: { action },
        onEnd: () => {},
      };
      await assert.rejects(handler(call), (error) => {
        assert.ok(error instanceof Rejection);
        assert.equal(error.code, "NO_PROMPT");
        assert.equal(error.message, `The terminal T0292 shows nothing to ${action}; waited 10 seconds for a prompt.`);
        return true;
      });
    });
  }
});

describe("a server that is started again", () => {
  let database: TestDatabase;
  let app: App | undefined;
  before(async () => {
    database = await makeDatabase({ migrated: false });
  });
  after(async () => {
    await app?.close();
    await database.close();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function start(): Promise<{ app: App; demo: OpenedDemo }> {
    const config = readConfig({
      DATABASE_URL: database.url,
      TAPLINE_PORT: "0",
      TAPLINE_SIMULATOR_DELAY_MS: "0",
      TAPLINE_LOG_LEVEL: "error",
    });
    const logger = makeLogger("error", process.stderr);
    const onLost = (problem: Error) => {
      throw problem;
    };
    app = await startApp({ config, clock: systemClock, random: systemRandom, logger, onLost });
    return { app, demo: await openDemo(app, false) };
  }

  async function call({ app, demo }: Awaited<ReturnType<typeof start>>, action?: PersonAction) {
    const claims = { account_id: demo.account_id, client_id: demo.client_id, scopes: ["admin:checkout"] };
    const authorization = `Bearer ${await app.keys.sign(claims, "test")}`;
    const path = `${app.address}/v1/accounts/${demo.account_id}/simulated-terminals/${demo.terminal_id}`;
    const told =
      action === undefined
        ? fetch(path, { headers: { authorization } })
        : fetch(`${path}/person`, {
            method: "POST",
            headers: { authorization, "content-type": "application/json" },
            body: JSON.stringify({ action }),
          });
    return (await (await told).json()) as SimulatedTerminalState;
  }

  const settings = [
    { mode: "manual", network: "online" },
    { mode: "manual", network: "offline" },
    { mode: "auto", network: "offline" },
    { mode: "auto", network: "online" },
  ] as const;
  for (const { mode, network } of settings) {
    test(`finds its simulated terminal as it was set: ${mode}, ${network}`, async () => {
      const first = await start();
      await call(first, mode);
      await call(first, network);
      await first.app.close();
      const second = await start();
      const state = await call(second);
      assert.deepEqual([state.mode, state.network], [mode, network]);
      if (network === "offline") {
        await call(second, "manual");
        const [seat] = await database.sql("SELECT connected_to FROM terminal_seats");
        assert.equal(seat?.connected_to, null);
      } else {
        await until(async () => (await database.sql("SELECT FROM terminal_seats WHERE connected_to IS NOT NULL"))[0]);
      }
    });
  }
});
