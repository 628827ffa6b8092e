/**
 * A terminal that does and says what a test tells it, whatever an honest one would do. It keeps every frame that the server
 * sent, in order.
 */
import assert from "node:assert/strict";
import { WebSocket } from "ws";
import {
  type Capabilities,
  connectPath,
  type Hello,
  helloText,
  type PromptFrame,
  protocolVersion,
  type Result,
  readServerFrame,
  type ServerFrame,
  type TerminalFrame,
} from "../../src/contract/terminal-protocol.ts";
import { simulatedCapabilities } from "../../src/simulator/terminal.ts";
import type { Enrolled } from "./honest-enrol.ts";

type FrameType = ServerFrame["type"];
type FrameOf<T extends FrameType> = Extract<ServerFrame, { type: T }>;
type Journal = Hello["journal"];

const patience_ms = 5_000;

/** One connection. */
export class HandLink {
  readonly #socket: WebSocket;
  /** Every frame but heartbeats, in the order they came. */
  readonly frames: ServerFrame[] = [];
  #read = 0;
  #heartbeats = 0;
  #closed: number | undefined;
  #looking: (() => void)[] = [];

  constructor(server: string) {
    this.#socket = new WebSocket(`${server.replace(/^http/, "ws")}${connectPath}`);
    this.#socket.on("message", (data) => {
      const frame = readServerFrame(String(data));
      if (frame.type === "heartbeat") this.#heartbeats++;
      else this.frames.push(frame);
      this.#news();
    });
    this.#socket.on("close", (code) => {
      this.#closed = code;
      this.#news();
    });
    this.#socket.on("error", () => {});
  }

  send(...frames: TerminalFrame[]): void {
    for (const frame of frames) this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** The next frame, which must be of this type. The server asks where prompts stand at times of its own: skipped. */
  async expect<T extends FrameType>(type: T): Promise<FrameOf<T>> {
    for (;;) {
      await this.#until(() => this.frames.length > this.#read || this.#closed !== undefined, `a frame (${type})`);
      const frame = this.frames[this.#read++];
      assert.ok(frame !== undefined, `closed with ${this.#closed} where ${type} was awaited`);
      if (frame.type === "inquire" && type !== "inquire") continue;
      assert.equal(frame.type, type, JSON.stringify(frame));
      return frame as FrameOf<T>;
    }
  }

  /** Everything sent so far has been handled; the frames that came and that nobody has awaited, inquiries left out. */
  async settled(): Promise<ServerFrame[]> {
    const before = this.#heartbeats;
    this.send({ type: "heartbeat", boot_id: "boot_1", monotonic_ms: performance.now() });
    await this.#until(() => this.#heartbeats > before, "a heartbeat");
    return this.frames.slice(this.#read).filter(({ type }) => type !== "inquire");
  }

  /** The code that the connection was closed with. */
  async closed(): Promise<number> {
    await this.#until(() => this.#closed !== undefined, "a close");
    return this.#closed ?? 0;
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  /** Pulls the cable: no goodbye. */
  cut(): void {
    this.#socket.terminate();
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    const until_ms = performance.now() + patience_ms;
    while (!isThere()) {
      const left_ms = until_ms - performance.now();
      if (left_ms <= 0)
        throw new Error(`${what} did not come in ${patience_ms} ms; came: ${JSON.stringify(this.frames)}`);
      await new Promise<void>((look) => {
        const timer = setTimeout(look, left_ms);
        this.#looking.push(() => {
          clearTimeout(timer);
          look();
        });
      });
    }
  }

  #news(): void {
    for (const look of this.#looking.splice(0)) look();
  }
}

/** The device behind the connections: its key, its journal's name, and the number of its next result. */
export class HandTerminal {
  readonly server: string;
  readonly enrolled: Enrolled;
  journal_id: string;
  boot_id = "boot_1";
  sequence = 0;
  readonly #links: HandLink[] = [];

  constructor(server: string, enrolled: Enrolled, journal_id = `jr_${enrolled.terminal_id}`) {
    this.server = server;
    this.enrolled = enrolled;
    this.journal_id = journal_id;
  }

  get terminal_id(): string {
    return this.enrolled.terminal_id;
  }

  /** As the same device with another journal, from its first number on. */
  wiped(): HandTerminal {
    return new HandTerminal(this.server, this.enrolled, `${this.journal_id}_wiped`);
  }

  /** The same device and journal at another address. */
  at(server: string): HandTerminal {
    return new HandTerminal(server, this.enrolled, this.journal_id);
  }

  /** A connection that the server has welcomed. */
  async connect(journal: Journal = [], can: Partial<Capabilities> = {}): Promise<HandLink> {
    const { terminal_id, journal_id, boot_id } = this;
    const link = new HandLink(this.server);
    this.#links.push(link);
    const { nonce } = await link.expect("challenge");
    link.send({
      type: "hello",
      protocol_version: protocolVersion,
      terminal_id,
      boot_id,
      journal_id,
      monotonic_ms: performance.now(),
      proof: await this.enrolled.sign(helloText(nonce, { terminal_id, boot_id, journal_id })),
      device: { serial_number: "HAND", model: "HAND", software: "hand" },
      capabilities: { ...simulatedCapabilities, ...can },
      journal,
    });
    await link.expect("welcome");
    return link;
  }

  /** A result under the journal's next number. */
  result(prompt_id: string, outcome: Result["outcome"], change: Partial<Result> = {}): Result {
    const key = { journal_id: this.journal_id, sequence: ++this.sequence };
    return { type: "result", ...key, prompt_id, outcome, ...change };
  }

  approval({ prompt_id, amount, currency }: PromptFrame, change: Partial<Result> = {}): Result {
    return this.result(prompt_id, "approved", { amount, currency, ...change });
  }

  reversal(reversal_id: string, outcome: "reversed" | "refused" | "in_progress", reason?: string): TerminalFrame {
    const key = { journal_id: this.journal_id, sequence: ++this.sequence };
    return { type: "reversal_result", ...key, reversal_id, outcome, ...(reason === undefined ? {} : { reason }) };
  }

  /** Its word on an operation that it was asked for. */
  operated(operation_id: string, end: object = {}): TerminalFrame {
    const key = { journal_id: this.journal_id, sequence: ++this.sequence };
    return { type: "operation_result", ...key, operation_id, outcome: "completed", ...end };
  }

  /** Does what it is asked for next, which must be to close its day. */
  async closeDay(link: HandLink): Promise<string> {
    const { operation_id, operation } = await link.expect("operation");
    assert.equal(operation, "end_of_day");
    link.send(this.operated(operation_id));
    await link.expect("acknowledge");
    return operation_id;
  }

  leave(): void {
    for (const link of this.#links.splice(0)) link.cut();
  }
}
