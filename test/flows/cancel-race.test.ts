/** Calling a payment off while the cardholder is about to pay (prompt-life section 2). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { approves, type Device } from "../support/honest-device.ts";
import type { HandTerminal } from "../support/honest-hand.ts";
import {
  cancel,
  device,
  handTerminal,
  later,
  occupantOf,
  openBareShop,
  promptOf,
  sold,
  transactionOf,
  untilConnected,
} from "../support/honest-shop.ts";
import { type Shop, until } from "../support/shop.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a cancel and a tap at the same instant", () => {
  const races = 1_000;
  const tills = 8;
  let shop: Shop;
  const devices: Device[] = [];
  before(async () => {
    shop = await openBareShop();
    for (let till = 0; till < tills; till++) devices.push(await device(shop));
  });
  after(async () => {
    for (const each of devices) each.retire();
    await shop.close();
  });

  const books = `SELECT prompt.id, prompt.status, transaction.status AS transaction_status, seat.occupant_id
    FROM prompts AS prompt
    JOIN transactions AS transaction ON transaction.session_id = prompt.session_id
    JOIN terminal_seats AS seat ON seat.terminal_id = prompt.terminal_id
    WHERE prompt.session_id = $1 AND prompt.status IN ('APPROVED', 'CANCELLED')`;
  interface Books {
    readonly id: string;
    readonly status: string;
    readonly transaction_status: string;
    readonly occupant_id: string | null;
  }

  /** One race: the card is presented and the cancel is asked for, each after so many milliseconds. */
  async function race(at: Device, tap_after_ms: number, cancel_after_ms: number, from_the_start: boolean) {
    const session_id = await sold(shop, at.terminal_id);
    if (!from_the_start) await at.untilItWaits(5_000);
    const tapping = pause(tap_after_ms)
      .then(() => at.untilItWaits(from_the_start ? 50 : 0))
      .then((screen) => screen !== undefined && at.terminal?.presentCard(approves));
    const cancelling = pause(cancel_after_ms).then(() => cancel(shop, session_id));
    const [presented, { status, body }] = await Promise.all([tapping, cancelling]);
    const ended = await until(async () => (await shop.database.sql<Books>(books, [session_id]))[0]);
    return {
      answer: status === 200 ? "200" : `${status} ${body.error.code}`,
      prompt: ended.status,
      transaction: ended.transaction_status,
      was_presented: presented === true,
      money_moved: at.moneyMoved().has(ended.id),
      seat_is_free: ended.occupant_id === null,
    };
  }

  const cancelled = {
    ...{ answer: "200", prompt: "CANCELLED", transaction: "DECLINED" },
    ...{ was_presented: false, money_moved: false, seat_is_free: true },
  };
  const captured = {
    ...{ answer: "409 SESSION_CANCEL_CONFLICT", prompt: "APPROVED", transaction: "CAPTURED" },
    ...{ was_presented: true, money_moved: true, seat_is_free: true },
  };

  test("1,000 times: either the one or the other, told alike to the till, in our books and in the card host's", async () => {
    const ends = { captured: 0, cancelled: 0 };
    /** How long the tap waits for the cancel, which has the longer way: kept where the race is undecided. */
    let head_start_ms = 5;
    let next = 0;
    const serve = async (at: Device) => {
      while (next < races) {
        const n = next++;
        const jitter_ms = ((n * 7) % 13) / 2 - 3;
        const tap_after_ms = Math.max(0, head_start_ms + jitter_ms);
        const seen = await race(at, tap_after_ms, Math.max(0, -head_start_ms), n % 10 === 0);
        const was_cancelled = seen.answer === "200";
        assert.deepEqual(seen, was_cancelled ? cancelled : captured);
        ends[was_cancelled ? "cancelled" : "captured"]++;
        head_start_ms += was_cancelled ? -0.5 : 0.5;
      }
    };
    await Promise.all(devices.map(serve));
    assert.equal(ends.captured + ends.cancelled, races);
    // Else it was no race.
    assert.ok(Math.min(ends.captured, ends.cancelled) > races / 10, JSON.stringify(ends));
  });
});

describe("a cancel", () => {
  let shop: Shop;
  let terminal: HandTerminal;
  before(async () => {
    shop = await openBareShop({ TAPLINE_STOP_ANSWER_S: "2" });
  });
  after(() => shop.close());
  const fresh = async (): Promise<HandTerminal> => {
    terminal = await handTerminal(shop);
    return terminal;
  };
  afterEach(() => terminal.leave());

  test("of a prompt that was never sent is answered with 200, and the terminal never shows it", async () => {
    const { terminal_id } = await fresh();
    const session_id = await sold(shop, terminal_id);
    const { status, body } = await cancel(shop, session_id);
    assert.equal(status, 200);
    assert.ok(body.cancelled_at);
    assert.equal((await transactionOf(shop, session_id)).status, "DECLINED");
    assert.equal(await occupantOf(shop, terminal_id), null);
    const link = await terminal.connect();
    assert.deepEqual(await link.settled(), []);
  });

  test("asked for twice is 200 twice, with the same cancelled_at", async () => {
    const session_id = await sold(shop, (await fresh()).terminal_id);
    const first = await cancel(shop, session_id);
    const second = await cancel(shop, session_id);
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.deepEqual(second.body, first.body);
  });

  test("asked for twice at once is one cancel: the terminal is asked to stop, and both are answered with 200", async () => {
    const { terminal_id } = await fresh();
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id);
    const { prompt_id } = await link.expect("prompt");
    link.send({ type: "shown", prompt_id });
    const both = Promise.all([cancel(shop, session_id), cancel(shop, session_id)]);
    await link.expect("stop");
    link.send(terminal.result(prompt_id, "stopped"));
    assert.deepEqual(
      (await both).map(({ status }) => status),
      [200, 200],
    );
    const { events } = (await shop.call<{ events: { name: string }[] }>("GET", `/v1/sessions/${session_id}`)).body;
    assert.equal(events.filter(({ name }) => name === "CANCELLED").length, 1);
  });

  test("after capture is refused with 409, and the payment stands", async () => {
    const { terminal_id } = await fresh();
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id);
    link.send(terminal.approval(await link.expect("prompt")));
    await link.expect("acknowledge");
    const { status, body } = await cancel(shop, session_id);
    assert.deepEqual([status, body.error.code], [409, "SESSION_CANCEL_CONFLICT"]);
    assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
    assert.deepEqual(await link.settled(), [], "the terminal is not bothered");
  });

  test("with a card presented is refused with 409 at once, and asks the terminal for nothing", async () => {
    const { terminal_id } = await fresh();
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id);
    const prompt = await link.expect("prompt");
    link.send({ type: "card_presented", prompt_id: prompt.prompt_id });
    await link.settled();
    const { status, body } = await cancel(shop, session_id);
    assert.deepEqual([status, body.error.code], [409, "SESSION_CANCEL_CONFLICT"]);
    assert.deepEqual(await link.settled(), []);
    link.send(terminal.approval(prompt));
    await link.expect("acknowledge");
    assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
  });

  test("that the terminal answers with too late is 409, and the payment goes on", async () => {
    const { terminal_id } = await fresh();
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id);
    const prompt = await link.expect("prompt");
    const answer = cancel(shop, session_id);
    await link.expect("stop");
    link.send({ type: "too_late", prompt_id: prompt.prompt_id });
    const { status, body } = await answer;
    assert.deepEqual([status, body.error.code], [409, "SESSION_CANCEL_CONFLICT"]);
    link.send(terminal.approval(prompt));
    await link.expect("acknowledge");
    const { status: end, events } = await transactionOf(shop, session_id);
    assert.equal(end, "CAPTURED");
    assert.deepEqual(
      events.map(({ event, success }) => `${event} ${success}`),
      ["INITIALIZE true", "AUTHORIZE true", "CAPTURE true"],
    );
  });

  test("that a connected terminal does not answer is 409 TERMINAL_UNREACHABLE when the time for an answer is over", async () => {
    const { terminal_id } = await fresh();
    const link = await terminal.connect();
    const session_id = await sold(shop, terminal_id);
    const { prompt_id } = await link.expect("prompt");
    const { status, body } = await cancel(shop, session_id);
    assert.deepEqual([status, body.error.code], [409, "TERMINAL_UNREACHABLE"]);
    await link.expect("stop");
    assert.ok((await promptOf(shop, session_id)).cancel_asked_at !== null, "the mark is kept");
    link.send(terminal.result(prompt_id, "stopped"));
    await link.expect("acknowledge");
    assert.equal((await cancel(shop, session_id)).status, 200);
  });

  describe("of an offline terminal", () => {
    const offline = async (): Promise<{ session_id: string; prompt_id: string }> => {
      const { terminal_id } = await fresh();
      const link = await terminal.connect();
      const session_id = await sold(shop, terminal_id);
      const { prompt_id } = await link.expect("prompt");
      link.cut();
      await untilConnected(shop, terminal_id, false);
      const began = performance.now();
      const { status, body } = await cancel(shop, session_id);
      assert.deepEqual([status, body.error.code], [409, "TERMINAL_UNREACHABLE"]);
      assert.ok(performance.now() - began < 1_500, "at once, not when the time for an answer is over");
      assert.ok((await promptOf(shop, session_id)).cancel_asked_at !== null, "the mark is kept");
      assert.equal((await transactionOf(shop, session_id)).status, "INITIATED");
      return { session_id, prompt_id };
    };

    test("that shows the prompt is 409 at once, and the prompt is stopped when the terminal returns", async () => {
      const { session_id, prompt_id } = await offline();
      const link = await terminal.connect([{ prompt_id, step: "shown" }]);
      assert.equal((await link.expect("stop")).prompt_id, prompt_id);
      link.send(terminal.result(prompt_id, "stopped"));
      await link.expect("acknowledge");
      assert.equal((await transactionOf(shop, session_id)).status, "DECLINED");
      const { status, body } = await cancel(shop, session_id);
      assert.equal(status, 200);
      assert.equal(body.cancelled_by, "demo-client");
    });

    test("that never saw the prompt is 409 at once, and it is never sent again", async () => {
      const { session_id, prompt_id } = await offline();
      const link = await terminal.connect();
      assert.equal((await link.expect("inquire")).prompt_id, prompt_id);
      link.send(terminal.result(prompt_id, "not_shown"));
      await link.expect("acknowledge");
      assert.equal((await transactionOf(shop, session_id)).status, "FAILED");
      assert.deepEqual(await link.settled(), []);
    });

    test("whose cardholder paid meanwhile is 409 at once, and 409 after: the payment stands", async () => {
      const { session_id, prompt_id } = await offline();
      const link = await terminal.connect([{ prompt_id, step: "concluded" }]);
      link.send(terminal.result(prompt_id, "approved", { amount: 39900, currency: "NOK" }));
      await link.expect("acknowledge");
      assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
      const { status, body } = await cancel(shop, session_id);
      assert.deepEqual([status, body.error.code], [409, "SESSION_CANCEL_CONFLICT"]);
    });
  });

  describe("of a payment that reads UNKNOWN", () => {
    const unknown = async () => {
      const { terminal_id } = await fresh();
      const link = await terminal.connect();
      const session_id = await sold(shop, terminal_id);
      const prompt = await link.expect("prompt");
      link.send({ type: "shown", prompt_id: prompt.prompt_id });
      await link.settled();
      // Its deadline passes, and so does the time for the answer to the stop that follows.
      await actOnDeadlines(later(shop.app.world, 123_000));
      await link.expect("stop");
      await actOnDeadlines(later(shop.app.world, 125_000));
      assert.equal((await transactionOf(shop, session_id)).status, "UNKNOWN");
      return { link, session_id, prompt };
    };

    test("asks the terminal, and is 200 when that takes the prompt down", async () => {
      const { link, session_id, prompt } = await unknown();
      const answer = cancel(shop, session_id);
      await link.expect("stop");
      link.send(terminal.result(prompt.prompt_id, "stopped"));
      assert.equal((await answer).status, 200);
      assert.equal((await transactionOf(shop, session_id)).status, "DECLINED");
    });

    test("asks the terminal, and is 409 when that has taken the money: the payment is CAPTURED", async () => {
      const { link, session_id, prompt } = await unknown();
      const answer = cancel(shop, session_id);
      await link.expect("stop");
      link.send(terminal.approval(prompt));
      const { status, body } = await answer;
      assert.deepEqual([status, body.error.code], [409, "SESSION_CANCEL_CONFLICT"]);
      assert.equal((await transactionOf(shop, session_id)).status, "CAPTURED");
    });

    test("is 409 TERMINAL_UNREACHABLE while the terminal cannot be reached, and the payment stays UNKNOWN", async () => {
      const { link, session_id } = await unknown();
      link.cut();
      await untilConnected(shop, terminal.terminal_id, false);
      const { status, body } = await cancel(shop, session_id);
      assert.deepEqual([status, body.error.code], [409, "TERMINAL_UNREACHABLE"]);
      assert.equal((await transactionOf(shop, session_id)).status, "UNKNOWN");
    });

    test("and whose device was wiped is 409 at once: the new journal is not asked about a prompt it never had", async () => {
      const { link, session_id } = await unknown();
      link.cut();
      terminal = terminal.wiped();
      const successor = await terminal.connect();
      const began = performance.now();
      const { status, body } = await cancel(shop, session_id);
      assert.deepEqual([status, body.error.code], [409, "TERMINAL_UNREACHABLE"]);
      assert.ok(performance.now() - began < 1_500, "there is nobody to wait for");
      assert.deepEqual(await successor.settled(), []);
    });
  });
});
