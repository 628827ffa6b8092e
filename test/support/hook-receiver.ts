/** A receiver of webhooks that keeps what comes, and answers what the test says. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedHook {
  readonly headers: IncomingMessage["headers"];
  /** The bytes, as text. */
  readonly text: string;
  readonly body: Record<string, unknown> & { event: string; event_id: string; event_delivery: string };
}

export interface HookReceiver {
  readonly address: string;
  readonly received: ReceivedHook[];
  /** Of this type, in the order in which they came. */
  of(event: string): ReceivedHook[];
  /** What is answered from now on. */
  answer(status: number, body?: string): void;
  close(): void;
}

export async function openHookReceiver(): Promise<HookReceiver> {
  const received: ReceivedHook[] = [];
  let answer = { status: 200, body: "" };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      received.push({ headers: request.headers, text, body: JSON.parse(text) });
      response.writeHead(answer.status, { "content-type": "text/plain", location: "/elsewhere" }).end(answer.body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    of: (event) => received.filter(({ body }) => body.event === event),
    answer: (status, body = "") => {
      answer = { status, body };
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
