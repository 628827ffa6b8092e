/**
 * The 120 seconds of a refund (prompt-life section 6, R54 to R64), with the clock as an argument: they limit the presenting
 * of the card, and what the till is told at their end never claims more than is known.
 *
 * TAPLINE_REAL_TIME=1 takes them once by a real clock, with the whole server.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readConfig } from "../../src/config.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { newUuid } from "../../src/domain/ids.ts";
import { Rejection } from "../../src/domain/rejections.ts";
import { decideIncident } from "../../src/flows/decision.ts";
import { demo } from "../../src/flows/demo-account.ts";
import { startRefund } from "../../src/flows/refund.ts";
import { startSale } from "../../src/flows/sale.ts";
import { enrol } from "../support/honest-enrol.ts";
import { saleRequest } from "../support/honest-server.ts";
import {
  handTerminal,
  openBareShop,
  sold,
  transactionOf,
  untilConnected,
  untilPrompt,
} from "../support/honest-shop.ts";
import { type EventRow, type Payment, readBooks } from "../support/money-books.ts";
import { HostBook } from "../support/money-host.ts";
import { MoneyServer } from "../support/money-server.ts";
import { BookTerminal } from "../support/money-terminal.ts";

let server: MoneyServer;
before(async () => {
  server = await MoneyServer.open(readConfig({}));
});
after(() => server.close());

const price = 39_900;
const part = 10_000;

/** A terminal of its own for each test, and a payment that was taken on it. */
class Counter {
  readonly host = new HostBook();
  readonly terminal: BookTerminal;
  transaction_id = "";

  private constructor(terminal_id: string) {
    this.terminal = new BookTerminal({ terminal_id, host: this.host, clock: server.clock });
  }

  static async open(): Promise<Counter> {
    const counter = new Counter((await enrol(server.world)).terminal_id);
    await server.connect(counter.terminal);
    await counter.sell();
    await counter.cardApproved();
    const [payment] = await counter.payments();
    counter.transaction_id = payment?.id ?? "";
    return counter;
  }

  async sell(): Promise<void> {
    await startSale(server.world, saleRequest(this.terminal.terminal_id, price));
    await server.settle();
  }

  /** The card is presented, and the host has not answered. */
  async card(): Promise<void> {
    assert.ok(this.terminal.tap("approves"), "nothing on the screen asks for a card");
    await server.settle();
  }

  async hostAnswers(): Promise<void> {
    this.terminal.hostAnswers();
    await server.settle();
  }

  async cardApproved(): Promise<void> {
    await this.card();
    await this.hostAnswers();
  }

  async refund(amount = part): Promise<string> {
    const { account_id, client_id } = demo;
    const { transaction_id, terminal } = this;
    const request_id = newUuid(server.world.random);
    const who = { account_id, client_id, request_id, request_headers: {} };
    await startRefund(server.world, { ...who, transaction_id, amount, terminal_id: terminal.terminal_id });
    await server.settle();
    return request_id;
  }

  /** Its line is dead, and neither side knows. */
  goesDark(): void {
    const line = server.lineOf(this.terminal);
    line?.lose("up");
    line?.lose("down");
  }

  async cableOut(): Promise<void> {
    await server.cut(this.terminal);
  }

  async isBack(): Promise<void> {
    await server.connect(this.terminal);
    await server.settle();
  }

  payments(): Promise<Payment[]> {
    return readBooks(server.database, [this.terminal.terminal_id]);
  }

  async payment(): Promise<Payment> {
    const found = (await this.payments()).find(({ id }) => id === this.transaction_id);
    if (found === undefined) throw new Error("The payment is gone.");
    return found;
  }

  /** What the till was told of the refund, if anything yet. */
  async told(request_id: string): Promise<EventRow | undefined> {
    const { events } = await this.payment();
    return events.find(({ correlation_request_id }) => correlation_request_id === request_id);
  }

  /** What the host has paid back, and not taken back. */
  async paidBack(): Promise<number> {
    const paid = (await this.payment()).prompts.find(({ kind }) => kind === "purchase");
    return this.host.paidBack(paid?.id ?? "");
  }

  async decide(outcome: "paid" | "not_paid"): Promise<void> {
    const { account_id, client_id } = demo;
    const open = (await this.payment()).incidents.filter((incident) => incident.outcome === null);
    assert.deepEqual(
      open.map(({ kind }) => kind),
      ["REVERSAL_REFUSED"],
    );
    const reason = "The host was asked.";
    for (const { id } of open) {
      await decideIncident(server.world, { account_id, client_id, incident_id: id, outcome, reason });
    }
  }
}

const seconds = (s: number): Promise<void> => server.pass(s * 1000);

/** Every second is lived through: each sweep has its chance to be too early. */
async function until(from_s: number, to_s: number): Promise<void> {
  for (let s = from_s; s < to_s; s++) await seconds(Math.min(1, to_s - s));
}

const expired = (event: EventRow | undefined): string => {
  assert.deepEqual([event?.event, event?.success, event?.error?.code], ["REFUND", false, "EXPIRED"]);
  return event?.error?.message ?? "";
};

/** The refund was told as failed while nobody knew; then the card host turns out to have paid it back. */
async function approvedUnheard(): Promise<{ counter: Counter; asked: string }> {
  const counter = await Counter.open();
  const asked = await counter.refund();
  await counter.cableOut();
  await seconds(30);
  await counter.cardApproved();
  await until(30, 122);
  assert.match(expired(await counter.told(asked)), /not known yet/);
  assert.equal(await counter.paidBack(), part);
  return { counter, asked };
}

describe("a refund has 120 seconds for its card", () => {
  test("on a terminal that is offline it fails at 120 s and not before, and its amount is free again", async () => {
    const counter = await Counter.open();
    await counter.cableOut();
    const asked = await counter.refund(price);
    await until(0, 119.9);
    assert.equal(await counter.told(asked), undefined);
    assert.equal((await counter.payment()).reserved_refund_amount, price);
    await seconds(0.1);
    assert.match(expired(await counter.told(asked)), /could not ask for the card in time/);
    assert.equal((await counter.told(asked))?.correction?.remaining_refund_amount, price);
    assert.equal((await counter.payment()).reserved_refund_amount, 0);
    await counter.refund(price);
    assert.equal((await counter.payment()).reserved_refund_amount, price);
  });

  test("on a terminal that is occupied it fails at 120 s and not before, and the sale goes on undisturbed", async () => {
    const counter = await Counter.open();
    await counter.sell();
    const asked = await counter.refund();
    await until(0, 100);
    await counter.card();
    const on_screen = counter.terminal.screen;
    await until(100, 119.9);
    assert.equal(await counter.told(asked), undefined);
    await seconds(0.1);
    assert.match(expired(await counter.told(asked)), /could not ask for the card in time/);
    assert.equal((await counter.payment()).reserved_refund_amount, 0);
    assert.equal(counter.terminal.screen, on_screen);
    await counter.hostAnswers();
    assert.deepEqual(
      (await counter.payments()).map(({ status }) => status),
      ["CAPTURED", "CAPTURED"],
    );
  });

  test("that nobody presents a card for fails when the terminal takes it down, and its amount is free again", async () => {
    const counter = await Counter.open();
    const asked = await counter.refund();
    assert.notEqual(counter.terminal.screen, undefined);
    await until(0, 119.9);
    assert.equal(await counter.told(asked), undefined);
    await seconds(0.1);
    assert.match(expired(await counter.told(asked)), /Nobody presented a card/);
    assert.equal(counter.terminal.screen, undefined);
    assert.equal((await counter.payment()).reserved_refund_amount, 0);
  });

  test("sent to a terminal that went dark fails at 122 s as not known, and its amount stays reserved", async () => {
    const counter = await Counter.open();
    const asked = await counter.refund();
    counter.goesDark();
    await until(0, 121.9);
    assert.equal(await counter.told(asked), undefined);
    await seconds(0.1);
    const told = await counter.told(asked);
    assert.match(expired(told), /not known yet/);
    assert.equal(told?.correction?.remaining_refund_amount, price - part);
    assert.equal((await counter.payment()).reserved_refund_amount, part);
    await assert.rejects(
      counter.refund(price),
      (error) => error instanceof Rejection && error.code === "REFUND_EXCEEDS_REMAINING",
    );
    await counter.isBack();
    assert.equal((await counter.payment()).reserved_refund_amount, 0, "the terminal has said that no card came");
    assert.deepEqual(await counter.told(asked), told, "and what was told stays as it was");
  });

  test("is waited for where the card came at 119 s over a live link, and its approval counts", async () => {
    const counter = await Counter.open();
    const asked = await counter.refund();
    await until(0, 119);
    await counter.card();
    await until(119, 250);
    assert.equal(await counter.told(asked), undefined);
    await counter.hostAnswers();
    const told = await counter.told(asked);
    assert.deepEqual([told?.event, told?.success], ["REFUND", true]);
    const { status, refunded_amount, reserved_refund_amount } = await counter.payment();
    assert.deepEqual([status, refunded_amount, reserved_refund_amount], ["PARTIALLY_REFUNDED", part, 0]);
  });

  test("whose turn comes with less than 3 s left is not shown", async () => {
    const counter = await Counter.open();
    await counter.sell();
    const asked = await counter.refund();
    await until(0, 117.5);
    await counter.cardApproved();
    assert.equal(counter.terminal.screen, undefined);
    await until(117.5, 120);
    assert.match(expired(await counter.told(asked)), /could not ask for the card in time/);
  });

  test("whose turn comes with more than 3 s left is shown", async () => {
    const counter = await Counter.open();
    await counter.sell();
    const asked = await counter.refund();
    await until(0, 116);
    await counter.cardApproved();
    await counter.cardApproved();
    assert.equal((await counter.told(asked))?.success, true);
  });
});

describe("an approval after a refund was told as failed", () => {
  test("is taken back, and adds no event to the payment", async () => {
    const { counter } = await approvedUnheard();
    const before = await counter.payment();
    await counter.isBack();
    const { events, prompts, reserved_refund_amount, refunded_amount } = await counter.payment();
    assert.equal(prompts.find(({ kind }) => kind === "refund")?.reversal?.status, "REVERSED");
    assert.equal(await counter.paidBack(), 0);
    assert.deepEqual([events, reserved_refund_amount, refunded_amount], [before.events, 0, 0]);
  });

  test("that the host does not take back is booked by a person's `paid`", async () => {
    const { counter, asked } = await approvedUnheard();
    counter.host.refuses.add("reversal");
    await counter.isBack();
    assert.equal((await counter.payment()).reserved_refund_amount, part, "reserved until a person has decided");
    await counter.decide("paid");
    const { events, refunded_amount, reserved_refund_amount, status } = await counter.payment();
    assert.deepEqual([status, refunded_amount, reserved_refund_amount], ["PARTIALLY_REFUNDED", part, 0]);
    const booked = events.filter(({ event, success }) => event === "REFUND" && success);
    assert.deepEqual(
      booked.map(({ amount, correlation_request_id }) => [amount, correlation_request_id]),
      [[part, null]],
    );
    assert.match(expired(await counter.told(asked)), /not known yet/);
  });

  test("that a person finds not paid after all frees the amount", async () => {
    const { counter } = await approvedUnheard();
    counter.host.refuses.add("reversal");
    await counter.isBack();
    const { events } = await counter.payment();
    await counter.decide("not_paid");
    const after_it = await counter.payment();
    assert.deepEqual([after_it.refunded_amount, after_it.reserved_refund_amount], [0, 0]);
    assert.deepEqual(after_it.events, events);
  });
});

const is_real = process.env.TAPLINE_REAL_TIME === "1";

test("by a real clock, a refund on a terminal that is offline fails after 120 s", {
  skip: !is_real && "it takes two minutes; TAPLINE_REAL_TIME=1 runs it",
}, async () => {
  const shop = await openBareShop();
  try {
    const terminal = await handTerminal(shop);
    const link = await terminal.connect([], { kinds: ["purchase", "refund"] });
    const session_id = await sold(shop, terminal.terminal_id);
    const prompt = await link.expect("prompt");
    link.send(terminal.approval(prompt));
    await untilPrompt(shop, session_id, "APPROVED");
    terminal.leave();
    await untilConnected(shop, terminal.terminal_id, false);
    const { id, amount } = await transactionOf(shop, session_id);
    const { clock } = shop.app.world;
    const asked_ms = clock.monotonic();
    const wanted = { amount, terminal_id: terminal.terminal_id };
    const { status } = await shop.call("POST", `/v1/transactions/${id}/refund`, wanted);
    assert.equal(status, 202);
    for (;;) {
      const { body } = await shop.call<Transaction>("GET", `/v1/transactions/${id}`);
      const told = body.events.find(({ event }) => event === "REFUND");
      const passed_ms = clock.monotonic() - asked_ms;
      if (told !== undefined) {
        assert.deepEqual([told.success, told.error?.code], [false, "EXPIRED"]);
        assert.ok(passed_ms >= 120_000, `it failed after ${passed_ms} ms`);
        break;
      }
      assert.ok(passed_ms < 123_000, "it has not failed yet");
      await clock.wait(250);
    }
  } finally {
    await shop.close();
  }
});
