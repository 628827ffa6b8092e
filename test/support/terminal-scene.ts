/** A shop whose terminal is moved by hand, and what its tests look up in the database. */

import type { Settings } from "../../src/config.ts";
import type { PromptFrame } from "../../src/contract/terminal-protocol.ts";
import { statement } from "../../src/storage/database.ts";
import type { Prompt } from "../../src/storage/prompts.ts";
import type { TestDatabase } from "./database.ts";
import { openShop, type SaleChange, type Shop, until } from "./shop.ts";
import { ProbeDevice, type TerminalProbe } from "./terminal-probe.ts";

export interface SeatRow {
  readonly occupant_id: string | null;
  readonly connection_epoch: number;
  readonly connected_to: string | null;
  readonly journal_id: string | null;
}

export interface ResultRow {
  readonly sequence: number;
  readonly prompt_id: string;
  readonly verdict: string;
  readonly frame: Record<string, unknown>;
}

export class TerminalScene {
  readonly shop: Shop;
  readonly device: ProbeDevice;

  private constructor(shop: Shop, device: ProbeDevice) {
    this.shop = shop;
    this.device = device;
  }

  static async open(settings: Settings = {}): Promise<TerminalScene> {
    const shop = await openShop({ TAPLINE_SIMULATORS: "off", ...settings });
    return new TerminalScene(shop, await ProbeDevice.of(shop));
  }

  /** A sale, created while the terminal is connected, and the prompt that the terminal got. */
  async sell(probe: TerminalProbe, change: SaleChange = {}): Promise<{ session_id: string; prompt: PromptFrame }> {
    const session_id = await this.create(change);
    return { session_id, prompt: await probe.expect("prompt") };
  }

  /** As a deadline that the terminal never answered leaves a prompt. */
  async leaveUnresolved(prompt_id: string): Promise<void> {
    const { sql } = this.shop.database;
    await sql("UPDATE prompts SET status = 'UNRESOLVED', unresolved_at = now() WHERE id = $1", [prompt_id]);
    await sql(
      `UPDATE transactions SET status = 'UNKNOWN'
       WHERE id = (SELECT transaction_id FROM prompts WHERE prompts.id = $1)`,
      [prompt_id],
    );
  }

  /** A sale, whether the terminal is there or not. Its callback is written, and sent too late to write more during a test. */
  async create(change: SaleChange = {}): Promise<string> {
    const callback_url = `${this.shop.callback_url}?report_error=true&delay_callback=60`;
    const { status, body } = await this.shop.create({ url: { callback_url }, ...change });
    if (status !== 200) throw new Error(`The sale was refused: ${JSON.stringify(body)}`);
    return body.id;
  }

  async prompt(prompt_id: string): Promise<Prompt> {
    const [row] = await this.#rows<Prompt>("SELECT * FROM prompts WHERE id = $1", [prompt_id]);
    if (row === undefined) throw new Error(`There is no prompt ${prompt_id}.`);
    return row;
  }

  async promptOf(session_id: string): Promise<Prompt> {
    const [row] = await this.#rows<Prompt>("SELECT * FROM prompts WHERE session_id = $1", [session_id]);
    if (row === undefined) throw new Error(`Session ${session_id} has no prompt.`);
    return row;
  }

  async seat(): Promise<SeatRow> {
    const [row] = await this.#rows<SeatRow>("SELECT * FROM terminal_seats");
    if (row === undefined) throw new Error("There is no seat.");
    return row;
  }

  results(prompt_id: string): Promise<ResultRow[]> {
    return this.#rows("SELECT * FROM terminal_results WHERE prompt_id = $1 ORDER BY received_at, sequence", [
      prompt_id,
    ]);
  }

  /** Session events, transaction events and everything else that a result may have written, to see that nothing was. */
  async traces(session_id: string): Promise<unknown> {
    const rows = await this.#rows(
      `SELECT to_json(session) AS session, to_json(transaction) AS transaction, to_json(prompt) AS prompt,
         (SELECT json_agg(event ORDER BY event.id) FROM session_events AS event WHERE event.session_id = $1) AS told,
         (SELECT json_agg(event ORDER BY event.id) FROM transaction_events AS event
          WHERE event.transaction_id = transaction.id) AS money,
         (SELECT count(*) FROM deliveries WHERE deliveries.session_id = $1) AS deliveries
       FROM sessions AS session JOIN transactions AS transaction ON transaction.session_id = session.id
       JOIN prompts AS prompt ON prompt.session_id = session.id WHERE session.id = $1`,
      [session_id],
    );
    return rows[0];
  }

  /** The terminal's cables are out, the server knows it, and nothing is left of what was sold. */
  async reset(): Promise<void> {
    await this.offline();
    const { sql } = this.shop.database;
    for (const table of [
      "reversals",
      "incidents",
      "prompts",
      "sessions",
      "session_events",
      "transactions",
      "transaction_events",
    ]) {
      await sql(`DELETE FROM ${table}`);
    }
    await sql("DELETE FROM terminal_results");
    await sql("DELETE FROM deliveries");
    await sql("UPDATE terminal_seats SET occupant_kind = NULL, occupant_id = NULL, occupied_at = NULL");
  }

  async offline(): Promise<void> {
    await this.device.leave();
    await until(async () => (await this.seat()).connected_to === null);
  }

  async close(): Promise<void> {
    await this.device.leave();
    await this.shop.close();
  }

  #rows<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.shop.database.db.query<Row>(statement("", text), values);
  }
}

/** Runs `work` while `locking`, a SELECT … FOR UPDATE, keeps the server from changing those rows. */
export async function whileLocked(
  { db }: TestDatabase,
  locking: string,
  values: readonly unknown[],
  work: () => Promise<void>,
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(statement("", locking), values);
    await work();
  });
}

/** Waits until a statement of the server's stands before a lock that a test holds. */
export async function someoneWaits({ sql }: TestDatabase): Promise<void> {
  const text = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
  await until(async () => (await sql(text)).length > 0);
}
