/** `tapline listen`: what a developer sees, and what their receiver gets. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { verifyWebhook } from "@tapline/sdk";
import type { EventMessage } from "../../src/contract/events.ts";
import { tellOf } from "../../src/flows/event.ts";
import { startAnother } from "../support/another-server.ts";
import { type CliProcess, CliScene, refusal } from "../support/cli-process.ts";
import { approve, type Counter, openCounter } from "../support/counter.ts";
import { openBareShop, sold } from "../support/honest-shop.ts";
import { type Shop, until } from "../support/shop.ts";

let shop: Shop;
let scene: CliScene;
let counter: Counter;
const receivers: Receiver[] = [];
before(async () => {
  shop = await openBareShop();
  scene = await CliScene.open();
  counter = await openCounter(shop);
});
after(async () => {
  counter.terminal.leave();
  await scene.close();
  await shop.close();
});
afterEach(() => {
  for (const receiver of receivers.splice(0)) receiver.close();
});

/** Follows the shop, once it does. */
async function start(...args: string[]): Promise<CliProcess> {
  const running = scene.start(["listen", ...args], settings());
  await until(() => {
    assert.ok(running.isRunning, running.stderr);
    return running.stderr.includes("Listening");
  });
  return running;
}

const settings = () => ({
  TAPLINE_URL: shop.app.address,
  TAPLINE_ACCOUNT_ID: shop.demo.account_id,
  TAPLINE_CLIENT_ID: shop.demo.client_id,
  TAPLINE_CLIENT_SECRET: shop.secret,
});

async function tell(id: string): Promise<void> {
  const { world } = shop.app;
  const told = { account_id: shop.demo.account_id, type: "incident_add", members: { incident: { id } } } as const;
  await world.db.transaction((tx) => tellOf(world, tx, told));
  world.hints.eventWritten();
}

async function sell(): Promise<string> {
  const session_id = await sold(shop, counter.terminal.terminal_id, { order: { merchant_reference: "Kaffe & Kø" } });
  await approve(counter, await counter.link.expect("prompt"));
  return session_id;
}

interface Received {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

class Receiver {
  readonly received: Received[] = [];
  /** What it answers, in turn; 200 when there are no more. */
  readonly statuses: number[] = [];
  #server: Server | undefined;
  url = "";

  async open(port = 0): Promise<this> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = "", headers } = request;
      this.received.push({ method, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(this.statuses.shift() ?? 200).end("thanks");
    });
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`;
    receivers.push(this);
    return this;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

describe("tapline listen", () => {
  test("prints each event as it comes: when, what, and what changed", async () => {
    const running = await start();
    await sell();
    await running.said(
      /^\d\d:\d\d:\d\d\.\d{3} {2}checkout_transaction {4}CAPTURED {2}399\.00 NOK {2}Kaffe & Kø {2}T12345678\.\w+$/m,
    );
    await running.said(/checkout_authorization {2}authorized/);
    const lines = running.stdout.trim().split("\n");
    assert.match(lines[0] ?? "", /checkout_transaction {4}INITIATED/);
    const { code, stderr } = await running.stop("SIGINT");
    assert.equal(code, 0);
    assert.equal(stderr, "Listening; Ctrl-C ends it.\n");
  });

  test("prints whole messages of one session from its first event with --json", async () => {
    const session_id = await sell();
    await sell();
    const running = await start("--session", session_id, "--json");
    await running.said(/"checkout_authorization"/);
    const messages = running.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as EventMessage);
    assert.equal(messages[0]?.sequence, 1);
    assert.ok(messages.every((message) => JSON.stringify(message).includes(session_id)));
    assert.equal((await running.stop("SIGTERM")).code, 0);
  });

  test("posts each event as a webhook that its receiver can verify, in order", async () => {
    const receiver = await new Receiver().open();
    const running = await start("--forward-to", receiver.url, "--secret", "hemmelig", "--type", "checkout_transaction");
    const [, secret = ""] = /signed with (whsec_\S+)/.exec(running.stderr) ?? [];
    assert.equal(Buffer.from(secret.slice(6), "base64").length, 32);
    await sell();
    await until(() => receiver.received.length === 2 && running.stderr.match(/→ 200 in \d+ ms\n/g)?.length === 2);
    const sequences: unknown[] = [];
    for (const { method, headers, body } of receiver.received) {
      assert.equal(method, "POST");
      const message = await verifyWebhook({ headers, body, secret });
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers.event, message.event);
      assert.equal(headers["event-delivery"], message.event_delivery);
      assert.match(String(message.event_delivery), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      assert.equal(headers["webhook-id"], message.event_id);
      assert.equal(headers["event-signature"], createHmac("sha1", "hemmelig").update(body).digest("hex"));
      assert.deepEqual(Object.keys(message).slice(0, 3), ["account_id", "event", "event_delivery"]);
      sequences.push(message.sequence);
    }
    assert.deepEqual(sequences, [1, 2]);
    await running.stop("SIGINT");
  });

  test("signs with the secret that is given, and sends no event-signature without one", async () => {
    const receiver = await new Receiver().open();
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const running = await start("--forward-to", receiver.url, "--signing-secret", secret);
    await tell("inc_given");
    const [first] = await until(() => receiver.received.length > 0 && receiver.received);
    assert.ok(first);
    assert.equal((await verifyWebhook({ ...first, secret })).event, "incident_add");
    assert.equal(first.headers["event-signature"], undefined);
    await running.stop("SIGINT");
  });

  test("tries a receiver that fails again under the same ids, and goes on", async () => {
    const receiver = await new Receiver().open();
    receiver.statuses.push(500, 302);
    const running = await start("--forward-to", receiver.url);
    await tell("inc_tried");
    await until(() => receiver.received.length === 3);
    await tell("inc_next");
    await until(() => receiver.received.length === 4);
    const ids = receiver.received.map(({ headers }) => `${headers["webhook-id"]} ${headers["event-delivery"]}`);
    assert.deepEqual([ids[1], ids[2]], [ids[0], ids[0]]);
    assert.notEqual(ids[3], ids[0]);
    assert.match(running.stderr, /→ 500 in \d+ ms, try 1 of 4\n.*→ 302 in \d+ ms, try 2 of 4\n.*→ 200 in \d+ ms\n/);
    await running.stop("SIGINT");
  });

  test("says that a receiver is down, and ends neither by that nor late on Ctrl-C", async () => {
    const receiver = await new Receiver().open();
    receiver.close();
    const running = await start("--forward-to", receiver.url);
    await tell("inc_down");
    await until(() => running.stderr.includes("→ no answer (ECONNREFUSED)"));
    assert.ok(running.isRunning);
    assert.equal((await running.stop("SIGINT")).code, 0);
  });

  test("waits for a server that is not there, and misses nothing while it is started anew", async () => {
    const first = await startAnother(shop);
    const port = Number(new URL(first.address).port);
    await first.close();
    const running = scene.start(["listen", "--type", "incident_add"], { ...settings(), TAPLINE_URL: first.address });
    await until(() => running.stderr.includes("is the server running there? Trying again.\n"));
    const second = await startAnother(shop, { port });
    await until(() => running.stderr.includes("Listening; Ctrl-C ends it.\n"));
    await tell("inc_before");
    await running.said(/inc_before/);
    await second.close();
    await tell("inc_between");
    const third = await startAnother(shop, { port });
    try {
      await running.said(/inc_between/);
      await until(() => running.stderr.includes("nothing will be missed.\nListening again.\n"));
      assert.equal(running.stdout.match(/inc_/g)?.length, 2);
      assert.equal((await running.stop("SIGINT")).code, 0);
    } finally {
      await third.close();
    }
  });

  test("refuses what it cannot do in one sentence", async () => {
    const run = (...args: string[]) => scene.run(["listen", ...args], settings());
    assert.match(
      refusal(await run("--forward-to", "localhost:3000")),
      /^--forward-to is "localhost:3000": give an address/,
    );
    const signing = await run("--forward-to", "http://127.0.0.1:1/", "--signing-secret", "hush");
    assert.match(refusal(signing), /^--signing-secret is whsec_ and base64/);
    assert.match(refusal(await run("--session", "T12345678.none")), /There is no session .* \(SESSION_NOT_FOUND\)$/);
    assert.match(refusal(await run("--type", "nonsense")), /INVALID_REQUEST_PARAMETER/);
  });
});
