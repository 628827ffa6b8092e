/** The first sale, told step by step as it happens; and the line that makes the next one. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Tapline } from "@tapline/sdk";
import { formatAmount } from "../domain/money.ts";
import { systemClock } from "../system-environment.ts";
import type { DemoFile } from "./demo-file.ts";

const lookEvery_ms = 20;
/** A simulated sale takes a second or two; past this something is wrong, and waiting longer tells nothing. */
const patience_ms = 60_000;

/** `can_be_called`: whether the server may call back to this machine. */
export async function watchFirstSale(demo: DemoFile, can_be_called: boolean): Promise<void> {
  const receiver = await receiveCallback();
  const tapline = new Tapline(demo);
  const began = systemClock.monotonic();
  const say = (sentence: string) => console.log(`${stamp(systemClock.monotonic() - began)}  ${sentence}`);
  console.log("\nA first sale:");
  try {
    const callback_url = `${receiver.address}/payment/callback?report_error=true`;
    const body = saleOf(demo, can_be_called ? { callback_url } : {});
    const { id } = await tapline.sessions.createFromProfile(body);
    say(`POST /v1/sessions-profile   200, session ${id}`);
    await watchScreen(tapline, demo, say);
    const transaction_id = (await tapline.sessions.read(id)).transaction_id ?? "";
    const transaction = await until(
      () => tapline.transactions.read(transaction_id),
      ({ status }) => status !== "INITIATED",
    );
    say(`transaction ${transaction.id}`);
    for (const { event, transaction_status } of transaction.events)
      say(`  ${event.padEnd(10)} → ${transaction_status}`);
    if (can_be_called) say(`callback  ${await within(receiver.called)}`);
    else say("no callback: TAPLINE_CALLBACK_ADDRESSES=public keeps them from this machine");
    const { card, amount, currency } = transaction;
    const paid_with = card === undefined ? "" : `, ${card.brand} ${card.masked_pan}`;
    console.log(`\n${transaction.status}: ${formatAmount(amount, currency)}${paid_with}\n`);
    if (card !== undefined) console.log(receiptOf(transaction.events));
  } finally {
    receiver.server.close();
  }
}

async function watchScreen(tapline: Tapline, demo: DemoFile, say: (sentence: string) => void): Promise<void> {
  const look = () => tapline.simulatedTerminals.read(demo.terminal_id);
  const shown = await until(look, ({ screen }) => screen.prompt_id !== undefined || screen.text !== "Welcome");
  say(`terminal ${demo.terminal_id} shows "${shown.screen.text}"`);
  const done = await until(look, ({ screen }) => screen.prompt_id === undefined);
  const tapped = done.screen.text === "Approved" || done.screen.text === "Declined";
  say(`${tapped ? "a card is tapped; " : ""}the terminal shows "${done.screen.text}"`);
}

const saleOf = (
  { profile_id, store_id, terminal_id, payout_destination_id }: DemoFile,
  callback: { callback_url?: string } = {},
) => ({
  url: { return_url: "https://yourpos.example.com/payment/return", ...callback },
  order: {
    amount: 39_900,
    currency: "NOK",
    merchant_reference: "order-12345",
    items: [
      {
        id: "sku-coffee-001",
        line_id: "1",
        description: "Premium Coffee Beans 1kg",
        quantity: 2,
        amount: 39_900,
        vat_amount: 4_275,
        vat: 12,
      },
    ],
    store: { id: store_id, terminal_id, payout_destination_id },
  },
  profile_id,
});

async function receiveCallback(): Promise<{ server: Server; address: string; called: Promise<string> }> {
  const { promise: called, resolve } = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    resolve(`${request.method} ${request.url}`);
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, called };
}

async function until<T>(look: () => Promise<T>, isThere: (seen: T) => boolean): Promise<T> {
  const began = systemClock.monotonic();
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (systemClock.monotonic() - began > patience_ms) throw new Error("The first sale did not go on; see the log.");
    await systemClock.wait(lookEvery_ms);
  }
}

function within<T>(promise: Promise<T>): Promise<T | string> {
  return Promise.race([promise, systemClock.wait(patience_ms).then(() => "did not come")]);
}

const stamp = (ms: number): string => `${(ms / 1000).toFixed(3).padStart(8)} s`;

function receiptOf(events: readonly { metadata?: Record<string, unknown> }[]): string {
  const text = events
    .map(({ metadata }) => metadata?.["seitatech:customerReceipt"])
    .find((found) => found !== undefined);
  return String(text ?? "").replaceAll(/^/gm, "    │ ");
}

/** What to type for the next sale. */
export function nextSale(demo: DemoFile, data_dir: string): string {
  const body = JSON.stringify(saleOf(demo));
  const where = data_dir === `${process.cwd()}/data` ? "" : `TAPLINE_DATA_DIR=${data_dir} `;
  return `
The next sale, from another shell:

curl -s ${demo.base_url}/v1/sessions-profile -H "Authorization: Bearer $(${where}npx tapline token)" -H 'Content-Type: application/json' -d '${body}'

Play the person at the terminal:  ${where}npx tapline terminal <tap|decline|cancel|offline|online|auto|manual>
Ctrl-C stops the server.`;
}
