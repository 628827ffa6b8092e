/**
 * A whole server for a test: its own database, a demo account, a simulated terminal that waits to be told, and a receiver
 * for callbacks. Everything goes through the public API.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type App, type OpenedDemo, openDemo, startApp } from "../../src/app.ts";
import { type Config, readConfig, type Settings } from "../../src/config.ts";
import type { SimulatedTerminalState } from "../../src/contract/account.ts";
import type { CreatedSession, CreateSessionFromProfile, Session } from "../../src/contract/session.ts";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { makeLogger } from "../../src/logger.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { makeDatabase, type TestDatabase } from "./database.ts";

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface ReceivedCallback {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Shop {
  readonly app: App;
  readonly config: Config;
  readonly database: TestDatabase;
  readonly demo: OpenedDemo;
  readonly secret: string;
  readonly token: string;
  /** Calls the API with the demo's token, or with what `headers` say. */
  call<Body = ErrorBody>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  /** The mission document's sale, with what the test changes. */
  sale(change?: SaleChange): CreateSessionFromProfile;
  play(action: string): Promise<Answer<SimulatedTerminalState & ErrorBody>>;
  /** Posts the sale. */
  create(change?: SaleChange, headers?: Record<string, string>): Promise<Answer<CreatedSession & ErrorBody>>;
  /** Where callbacks are received, and what has come. */
  readonly callback_url: string;
  readonly callbacks: ReceivedCallback[];
  /** Waits until `look` gives something; fails after ten seconds. */
  until<T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T>;
  /** The session's transaction, once it has left INITIATED. */
  ended(session_id: string): Promise<Transaction>;
  close(): Promise<void>;
}

export interface SaleChange {
  readonly order?: Record<string, unknown>;
  readonly store?: Record<string, unknown>;
  readonly url?: Record<string, unknown>;
  readonly [member: string]: unknown;
}

export async function openShop(settings: Settings = {}): Promise<Shop> {
  const database = await makeDatabase({ migrated: false });
  const config = readConfig({
    DATABASE_URL: database.url,
    TAPLINE_PORT: "0",
    TAPLINE_SIMULATOR_DELAY_MS: "0",
    TAPLINE_CALLBACK_ADDRESSES: "any",
    TAPLINE_LOG_LEVEL: "error",
    ...settings,
  });
  const app = await startApp({
    config,
    clock: systemClock,
    random: systemRandom,
    logger: makeLogger(config.log_level, process.stderr),
    onLost: (problem) => {
      throw problem;
    },
  });
  const demo = await openDemo(app, true);
  if (config.simulators) await untilConnected(database);
  const receiver = await openReceiver();
  const secret = demo.client_secret ?? "";
  const token = await app.keys.sign(
    { account_id: demo.account_id, client_id: demo.client_id, scopes: ["admin:checkout"] },
    "test",
  );
  const call: Shop["call"] = async (method, path, body, headers = {}) => {
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(`${app.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...json, ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
  };
  const shop: Shop = {
    app,
    config,
    database,
    demo,
    secret,
    token,
    call,
    sale: (change = {}) => saleOf(demo, receiver.address, change),
    play: (action) =>
      call("POST", `/v1/accounts/${demo.account_id}/simulated-terminals/${demo.terminal_id}/person`, { action }),
    create: (change, headers) => call("POST", "/v1/sessions-profile", shop.sale(change), headers),
    callback_url: receiver.address,
    callbacks: receiver.received,
    until,
    ended: async (session_id) => {
      const { body: session } = await call<Session>("GET", `/v1/sessions/${session_id}`);
      return until(async () => {
        const { body } = await call<Transaction>("GET", `/v1/transactions/${session.transaction_id}`);
        return body.status !== "INITIATED" && body;
      });
    },
    close: async () => {
      await app.close();
      receiver.close();
      await database.close();
    },
  };
  return shop;
}

/** A sale that comes before the terminal has said hello is pushed a little later: no test but its own wants that. */
function untilConnected(database: TestDatabase): Promise<boolean> {
  const text = "SELECT FROM terminal_seats WHERE connected_to IS NOT NULL";
  return until(async () => (await database.sql(text)).length > 0);
}

function saleOf(demo: OpenedDemo, callback_url: string, change: SaleChange): CreateSessionFromProfile {
  const { order, store, url, ...members } = change;
  return {
    url: { return_url: "https://yourpos.example.com/payment/return", callback_url, ...url },
    order: {
      amount: 39900,
      currency: "NOK",
      merchant_reference: "order-12345",
      items: [
        {
          id: "sku-coffee-001",
          line_id: "1",
          description: "Premium Coffee Beans 1kg",
          quantity: 2,
          amount: 39900,
          vat_amount: 4275,
          vat: 12,
        },
      ],
      store: { id: demo.store_id, terminal_id: "T0292", payout_destination_id: demo.payout_destination_id, ...store },
      ...order,
    },
    profile_id: demo.profile_id,
    ...members,
  } as CreateSessionFromProfile;
}

async function openReceiver() {
  const received: ReceivedCallback[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      received.push({
        method: request.method ?? "",
        url: new URL(request.url ?? "/", "http://receiver"),
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      });
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  return {
    address,
    received,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const patience_ms = 10_000;
const lookEvery_ms = 5;

export async function until<T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const began = performance.now();
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() - began > patience_ms) throw new Error(`Not seen within ${patience_ms} ms: ${look}`);
    await systemClock.wait(lookEvery_ms);
  }
}
