/** The server's side of the terminal protocol, moved by hand: it welcomes whoever comes, and says what a test has it say. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import {
  type Hello,
  heartbeatEvery_ms,
  type PromptFrame,
  readTerminalFrame,
  type ServerFrame,
  silenceLimit_ms,
  type TerminalFrame,
} from "../../src/contract/terminal-protocol.ts";

type FrameType = TerminalFrame["type"];
type FrameOf<T extends FrameType> = Extract<TerminalFrame, { type: T }>;

const patience_ms = 5_000;

export class HandServer {
  readonly address: string;
  readonly #server: WebSocketServer;
  #socket: WebSocket | undefined;
  #epoch = 0;
  #prompts = 0;
  readonly #arrived: TerminalFrame[] = [];
  readonly #looking: (() => void)[] = [];
  #closed = false;
  hello: Hello | undefined;
  heartbeats = 0;
  connections = 0;
  /** Whether heartbeats are answered; a server that answers nothing is dead to its terminals. */
  answers = true;
  /** What becomes of a hello. */
  welcomes = true;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on("connection", (socket) => this.#receive(socket));
  }

  static async open(): Promise<HandServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    return new HandServer(server);
  }

  send(...frames: ServerFrame[]): void {
    for (const frame of frames) this.#socket?.send(JSON.stringify(frame));
  }

  /** A prompt for the boot that is connected now, with a minute left in the terminal's clock. */
  prompt(clock: { monotonic(): number }, change: Partial<PromptFrame> = {}): PromptFrame {
    return {
      type: "prompt",
      prompt_id: `pr_${++this.#prompts}`,
      kind: "purchase",
      amount: 39900,
      currency: "NOK",
      boot_id: this.hello?.boot_id ?? "",
      not_after_ms: clock.monotonic() + 60_000,
      ...change,
    };
  }

  acknowledge({ journal_id, sequence }: Pick<FrameOf<"result">, "journal_id" | "sequence">): void {
    this.send({ type: "acknowledge", journal_id, sequence });
  }

  /** Waits until a terminal has said hello for the so-many-th time. */
  async greeted(times: number): Promise<Hello> {
    await this.#until(() => this.#epoch >= times, `hello ${times}`);
    assert.ok(this.hello !== undefined);
    return this.hello;
  }

  /** The next frame, heartbeats aside, which must be of this type. */
  async expect<T extends FrameType>(type: T): Promise<FrameOf<T>> {
    await this.#until(() => this.#arrived.length > 0, `a frame (${type})`);
    const frame = this.#arrived.shift();
    assert.equal(frame?.type, type, JSON.stringify(frame));
    return frame as FrameOf<T>;
  }

  /** What the terminal wrote before now has arrived: the frames that nobody has awaited yet. */
  async arrived(): Promise<readonly TerminalFrame[]> {
    const socket = this.#socket;
    if (socket?.readyState === socket?.OPEN && socket !== undefined) {
      const answered = Promise.race([once(socket, "pong"), once(socket, "close")]);
      socket.ping();
      await answered;
    }
    return this.#arrived;
  }

  /** Pulls the cable at this end. */
  cut(): void {
    this.#socket?.terminate();
  }

  refuse(code: Extract<ServerFrame, { type: "refused" }>["code"], close_code: number): void {
    this.send({ type: "refused", code, sentence: "By hand." });
    this.#socket?.close(close_code);
  }

  /** Ends, and with it whoever still awaits something of a terminal here. */
  close(): void {
    this.#closed = true;
    for (const look of this.#looking.splice(0)) look();
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  #receive(socket: WebSocket): void {
    this.#socket = socket;
    this.connections++;
    socket.on("error", () => {});
    socket.on("message", (data) => {
      this.#take(socket, readTerminalFrame(String(data)));
      for (const look of this.#looking.splice(0)) look();
    });
    socket.send(JSON.stringify({ type: "challenge", nonce: `nonce_${this.connections}`, protocol_versions: [1] }));
  }

  #take(socket: WebSocket, frame: TerminalFrame): void {
    if (frame.type === "heartbeat") {
      this.heartbeats++;
      if (this.answers) socket.send(JSON.stringify({ type: "heartbeat" }));
    } else if (frame.type !== "hello") {
      this.#arrived.push(frame);
    } else {
      this.hello = frame;
      this.#epoch++;
      if (!this.welcomes) return;
      const times = { heartbeat_every_ms: heartbeatEvery_ms, silence_limit_ms: silenceLimit_ms };
      socket.send(JSON.stringify({ type: "welcome", epoch: this.#epoch, ...times }));
    }
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`${what} did not come in ${patience_ms} ms`)), patience_ms);
    try {
      while (!isThere()) {
        if (this.#closed) throw new Error(`the server was closed before ${what}`);
        await Promise.race([new Promise<void>((resolve) => this.#looking.push(resolve)), late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
