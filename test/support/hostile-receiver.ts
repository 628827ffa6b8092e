/** Receivers of callbacks and webhooks that behave as badly as receivers do, and one that does not. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Certified } from "./certificates.ts";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** On the process's monotonic clock. */
  readonly at: number;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** What it has written of its answers' bodies, in bytes. */
  written: number;
  close(): Promise<void>;
}

export type Behaviour = (
  answer: ServerResponse & { readonly socket: Socket },
  receiver: Receiver,
  received: Received,
) => unknown;

/** A server at 127.0.0.1 that behaves so. */
export async function openReceiver(behave: Behaviour, tls?: Certified, port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const at = performance.now();
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body, at };
    received.push(one);
    response.on("error", () => {});
    await behave(response as ServerResponse & { socket: Socket }, receiver, one);
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => void take(request, response).catch(() => {});
  const server = tls === undefined ? createHttpServer(handle) : createHttpsServer(tls, handle);
  // A client that does not like our certificate.
  server.on("tlsClientError", () => {});
  await new Promise<void>((listening) => (server as Server).listen(port, "127.0.0.1", listening));
  const taken = (server.address() as AddressInfo).port;
  const receiver: Receiver = {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${taken}/hook`,
    port: taken,
    received,
    written: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  open.push(receiver);
  return receiver;
}

const open: Receiver[] = [];

/** Every one that a test has opened, closed already or not. */
export async function closeReceivers(): Promise<void> {
  await Promise.all(open.splice(0).map((receiver) => receiver.close()));
}

const trickleEvery_ms = 50;

/** Writes a piece now and then until nobody listens any more. */
async function trickle({ socket }: { readonly socket: Socket }, piece: string): Promise<void> {
  while (!socket.destroyed) {
    socket.write(piece);
    await pause(trickleEvery_ms);
  }
}

const gigabyte = 1024 ** 3;

export const behaviours = {
  answers:
    (status: number): Behaviour =>
    (answer) =>
      answer.writeHead(status).end("{}"),
  answersFirst:
    (status: number, times: number): Behaviour =>
    (answer, { received }) =>
      answer.writeHead(received.length <= times ? status : 200).end("{}"),
  hangs: (() => {}) as Behaviour,
  resets: ((answer) => answer.socket.resetAndDestroy()) as Behaviour,
  closes: ((answer) => answer.socket.destroy()) as Behaviour,
  closesInHeader: ((answer) => answer.socket.end("HTTP/1.1 200 OK\r\ncontent-le")) as Behaviour,
  closesInBody:
    (status: number): Behaviour =>
    ({ socket }) =>
      socket.end(`HTTP/1.1 ${status} Words\r\ncontent-length: 1000\r\n\r\nthe beginning`),
  answersAfter:
    (wait_ms: number): Behaviour =>
    async (answer) => {
      await pause(wait_ms);
      answer.end("{}");
    },
  sendsGigabyte: (async (answer, receiver) => {
    answer.writeHead(200, { "content-length": gigabyte });
    const piece = Buffer.alloc(64 * 1024, "x");
    while (!answer.socket.destroyed && receiver.written < gigabyte) {
      receiver.written += piece.length;
      // What the other side does not take piles up here.
      while (answer.writableNeedDrain && !answer.socket.destroyed) await pause(1);
      answer.write(piece);
    }
  }) as Behaviour,
  redirects:
    (location: string): Behaviour =>
    (answer) =>
      answer.writeHead(307, { location }).end(),
  tricklesHeader: (async (answer) => {
    answer.socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
    await trickle(answer, "x");
  }) as Behaviour,
  tricklesBody: (async (answer) => {
    answer.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
    await trickle(answer, "x");
  }) as Behaviour,
  sendsHugeHeader: ((answer) =>
    answer.socket.end(`HTTP/1.1 200 OK\r\nx-huge: ${"x".repeat(200_000)}\r\n\r\n`)) as Behaviour,
  saysNonsense: ((answer) => answer.socket.end("220 mail.example ESMTP\r\n")) as Behaviour,
  says:
    (words: string): Behaviour =>
    ({ socket }) =>
      socket.end(words),
  saysContinueForever: ((answer) => trickle(answer, "HTTP/1.1 100 Continue\r\n\r\n")) as Behaviour,
} as const;
