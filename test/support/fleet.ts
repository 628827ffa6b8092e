/** A shop with as many simulated terminals as a test has cases, so that the cases run side by side, each in its own trouble. */
import assert from "node:assert/strict";
import type { Trouble } from "../../src/contract/account.ts";
import type { Evidence } from "../../src/contract/incident.ts";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { newId } from "../../src/domain/ids.ts";
import { makeDeviceKey } from "../../src/simulator/device-key.ts";
import { type BookEntry, HostBook } from "../../src/simulator/host-book.ts";
import { statement } from "../../src/storage/database.ts";
import { insertSimulatedTerminal } from "../../src/storage/simulated-terminals.ts";
import { insertDevice, insertTerminal } from "../../src/storage/terminals.ts";
import { openShop, type Shop, until } from "./shop.ts";

type Status = Transaction["status"];

/** Approved, by src/simulator/amounts.ts. */
export const approved = 39_900;

export interface Ordered {
  readonly kind: Trouble["kind"];
  readonly at: Trouble["at"];
  readonly amount?: number;
}

export interface PromptRow {
  readonly status: string;
  readonly sent_at: string;
  readonly unresolved_at: string | null;
  readonly finished_at: string | null;
}

export interface SeatRow {
  readonly connected_at: string;
  readonly connection_epoch: number;
}

/** G4: so soon after its terminal's hello. */
const knownWithin_ms = 2_000;

/** A sale under trouble: the terminal it is on, and what became of it. */
export interface Struck {
  readonly terminal_id: string;
  readonly session_id: string;
  readonly transaction_id: string;
  readonly epoch_before: number;
}

export class Fleet {
  readonly shop: Shop;
  /** From hello until the outcome was known. */
  readonly known_after_ms: number[] = [];

  private constructor(shop: Shop) {
    this.shop = shop;
  }

  /** A shop with so many simulated terminals. */
  static async open(terminals: number, settings: Record<string, string> = {}): Promise<Fleet> {
    const fleet = new Fleet(await openShop(settings));
    for (let index = 0; index < terminals; index++) await fleet.#plant(fleet.terminalOf(index));
    await fleet.shop.app.takeOnSimulators();
    const connected = "SELECT FROM terminal_seats WHERE connected_to IS NOT NULL";
    // The demo's own terminal is one more.
    await until(async () => (await fleet.rows(connected)).length === terminals + 1);
    return fleet;
  }

  terminalOf(index: number): string {
    return `${this.shop.demo.account_id}-T${String(index + 1).padStart(4, "0")}`;
  }

  /** Orders the trouble, and the sale that it strikes. */
  async strike(terminal_id: string, { kind, at, amount = approved }: Ordered, for_ms: number): Promise<Struck> {
    const { connection_epoch: epoch_before } = await this.seat(terminal_id);
    assert.equal((await this.post(terminal_id, "trouble", { kind, at, for_ms })).status, 200);
    const session_id = await this.sell(terminal_id, amount);
    const { body } = await this.shop.call<Session>("GET", `/v1/sessions/${session_id}`);
    assert.ok(body.transaction_id !== undefined);
    return { terminal_id, session_id, transaction_id: body.transaction_id, epoch_before };
  }

  async sell(terminal_id: string, amount: number): Promise<string> {
    const items: never[] = [];
    const answer = await this.shop.create({ order: { amount, items }, store: { terminal_id } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return (answer.body as CreatedSession).id;
  }

  post(terminal_id: string, what: "trouble" | "person", body: object) {
    const { account_id } = this.shop.demo;
    return this.shop.call("POST", `/v1/accounts/${account_id}/simulated-terminals/${terminal_id}/${what}`, body);
  }

  async transaction({ transaction_id }: Struck): Promise<Transaction> {
    return (await this.shop.call<Transaction>("GET", `/v1/transactions/${transaction_id}`)).body;
  }

  async evidence({ transaction_id }: Struck): Promise<Evidence> {
    return (await this.shop.call<Evidence>("GET", `/v1/transactions/${transaction_id}/evidence`)).body;
  }

  /** The transaction, once it reads none of these any more. */
  async left(struck: Struck, ...statuses: Status[]): Promise<Transaction> {
    return until(async () => {
      const transaction = await this.transaction(struck);
      return !statuses.includes(transaction.status) && transaction;
    });
  }

  async prompt({ session_id }: Struck): Promise<PromptRow> {
    const [row] = await this.rows<PromptRow>("SELECT * FROM prompts WHERE session_id = $1", [session_id]);
    assert.ok(row !== undefined);
    return row;
  }

  async seat(terminal_id: string): Promise<SeatRow> {
    const [row] = await this.rows<SeatRow>("SELECT * FROM terminal_seats WHERE terminal_id = $1", [terminal_id]);
    assert.ok(row !== undefined);
    return row;
  }

  /** How long after its terminal's last hello the payment's end, or that it is not known, was on record. */
  async noteKnown(struck: Struck): Promise<void> {
    const { connected_at } = await this.seat(struck.terminal_id);
    const { finished_at, unresolved_at } = await this.prompt(struck);
    const took_ms = Date.parse(finished_at ?? unresolved_at ?? "") - Date.parse(connected_at);
    this.known_after_ms.push(took_ms);
    assert.ok(took_ms >= 0 && took_ms <= knownWithin_ms, `known ${took_ms} ms after hello`);
  }

  /** The terminal takes the next sale as if nothing had been. */
  async sellsOn(terminal_id: string): Promise<void> {
    assert.equal((await this.shop.ended(await this.sell(terminal_id, approved))).status, "CAPTURED");
  }

  /** What the terminal's host knows. */
  async hostBook(terminal_id: string): Promise<HostBook> {
    const entries = await this.rows<{ entry: BookEntry }>(
      "SELECT entry FROM simulated_terminal_entries WHERE terminal_id = $1 AND log = 'host' ORDER BY position",
      [terminal_id],
    );
    return HostBook.of(entries.map(({ entry }) => entry));
  }

  /** What stands approved in the terminal's host's book, and what is captured, by prompt. */
  async booksOf(terminal_id: string): Promise<{ approved: string[]; captured: string[] }> {
    const standing = (await this.hostBook(terminal_id)).standingApprovals("purchase");
    const captured = await this.rows<{ id: string }>(
      `SELECT prompt.id FROM prompts AS prompt JOIN transactions AS transaction
         ON transaction.session_id = prompt.session_id
       WHERE prompt.terminal_id = $1 AND transaction.status = 'CAPTURED' AND transaction.captured_amount = prompt.amount`,
      [terminal_id],
    );
    return { approved: standing.map((entry) => entry.prompt_id).sort(), captured: captured.map(({ id }) => id).sort() };
  }

  async agree(terminal_id: string): Promise<void> {
    const { approved, captured } = await this.booksOf(terminal_id);
    assert.deepEqual(captured, approved);
  }

  rows<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.shop.database.db.query<Row>(statement("", text), values);
  }

  /** Prints the figure, and closes the shop. */
  async close(file: string): Promise<void> {
    console.log(`${file}: known at most ${Math.max(...this.known_after_ms)} ms after the terminal's hello`);
    await this.shop.close();
  }

  async #plant(terminal_id: string): Promise<void> {
    const { world } = this.shop.app;
    const { account_id, store_id } = this.shop.demo;
    const now = new Date(world.clock.now()).toISOString();
    const { private_jwk, public_jwk } = await makeDeviceKey();
    const device = { device_serial_number: `SIMULATED-${terminal_id}`, device_model: "SIMULATED" };
    const device_id = newId("dev", world.clock.now(), world.random);
    await world.db.transaction(async (tx) => {
      await insertTerminal(tx, { account_id, terminal_id, store_id, ...device }, now);
      await insertDevice(tx, { account_id, terminal_id, device_id, public_jwk }, now);
      await insertSimulatedTerminal(tx, { account_id, terminal_id, private_jwk });
    });
  }
}
