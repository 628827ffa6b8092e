/** What the tests of honest outcomes ask of a shop besides: terminals of their own, and a look behind the API. */

import type { Settings } from "../../src/config.ts";
import type { Evidence, Incident } from "../../src/contract/incident.ts";
import type { CreatedSession, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { connectPath } from "../../src/contract/terminal-protocol.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import type { PromptStatus } from "../../src/domain/prompt.ts";
import type { World } from "../../src/flows/world.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { Device } from "./honest-device.ts";
import { enrol } from "./honest-enrol.ts";
import { HandTerminal } from "./honest-hand.ts";
import { type Answer, openShop, type SaleChange, type Shop, until } from "./shop.ts";

/** A shop without the server's own simulated terminals: the test has the terminals. */
export const openBareShop = (settings: Settings = {}): Promise<Shop> =>
  openShop({ TAPLINE_SIMULATORS: "off", ...settings });

export const socketOf = (address: string): string => `${address.replace(/^http/, "ws")}${connectPath}`;

/** A new terminal of the shop, moved by hand. */
export const handTerminal = async (shop: Shop): Promise<HandTerminal> =>
  new HandTerminal(shop.app.address, await enrol(shop.app.world));

/** A new terminal of the shop, in software, switched on and connected. */
export async function device(shop: Shop): Promise<Device> {
  const { terminal_id, sign } = await enrol(shop.app.world);
  const made = new Device({
    clock: systemClock,
    random: systemRandom,
    address: socketOf(shop.app.address),
    terminal_id,
    sign,
  });
  await made.switchOn();
  await untilConnected(shop, terminal_id, true);
  return made;
}

export async function untilConnected(shop: Shop, terminal_id: string, connected: boolean): Promise<void> {
  const text = "SELECT connected_to IS NOT NULL AS connected FROM terminal_seats WHERE terminal_id = $1";
  await until(
    async () => (await shop.database.sql<{ connected: boolean }>(text, [terminal_id]))[0]?.connected === connected,
  );
}

/** A sale on that terminal. */
export const sell = (
  shop: Shop,
  terminal_id: string,
  change: SaleChange = {},
  headers?: Record<string, string>,
): Promise<Answer<CreatedSession & ErrorBody>> =>
  shop.create({ ...change, store: { terminal_id, ...change.store } }, headers);

/** A sale that must be taken: its session. */
export async function sold(shop: Shop, terminal_id: string, change: SaleChange = {}): Promise<string> {
  const { status, body } = await sell(shop, terminal_id, change);
  if (status !== 200) throw new Error(`The sale was refused: ${JSON.stringify(body)}`);
  return body.id;
}

export const cancel = (shop: Shop, session_id: string): Promise<Answer<Session & ErrorBody>> =>
  shop.call("POST", `/v1/sessions/${session_id}/cancel`);

export async function transactionOf(shop: Shop, session_id: string): Promise<Transaction> {
  const { body: session } = await shop.call<Session>("GET", `/v1/sessions/${session_id}`);
  return (await shop.call<Transaction>("GET", `/v1/transactions/${session.transaction_id}`)).body;
}

export async function evidenceOf(shop: Shop, session_id: string): Promise<Evidence> {
  const { id } = await transactionOf(shop, session_id);
  return (await shop.call<Evidence>("GET", `/v1/transactions/${id}/evidence`)).body;
}

export interface PromptRow {
  readonly id: string;
  readonly status: PromptStatus;
  readonly cancel_asked_at: Date | null;
}

export async function promptOf(shop: Shop, session_id: string): Promise<PromptRow> {
  const [row] = await shop.database.sql<PromptRow>("SELECT * FROM prompts WHERE session_id = $1", [session_id]);
  if (row === undefined) throw new Error(`Session ${session_id} has no prompt.`);
  return row;
}

export const untilPrompt = (shop: Shop, session_id: string, ...statuses: PromptStatus[]): Promise<PromptRow> =>
  until(async () => {
    const prompt = await promptOf(shop, session_id);
    return statuses.includes(prompt.status) && prompt;
  });

export async function occupantOf(shop: Shop, terminal_id: string): Promise<string | null> {
  const text = "SELECT occupant_id FROM terminal_seats WHERE terminal_id = $1";
  return (await shop.database.sql<{ occupant_id: string | null }>(text, [terminal_id]))[0]?.occupant_id ?? null;
}

export const incidentsAt = async (shop: Shop, terminal_id: string): Promise<Incident[]> =>
  (await shop.call<Incident[]>("GET", `/v1/admin/incidents?limit=100&terminal_id=${terminal_id}`)).body;

/** The same server, so much later: for what a sweep does when the time has come. */
export const later = (world: World, ms: number): World => ({
  ...world,
  clock: {
    now: () => world.clock.now() + ms,
    monotonic: () => world.clock.monotonic() + ms,
    after: (delay_ms, work) => world.clock.after(delay_ms, work),
    wait: (delay_ms) => world.clock.wait(delay_ms),
  },
});
