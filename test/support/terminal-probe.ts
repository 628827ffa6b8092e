/**
 * A terminal moved by hand: it has a real device key, and sends and awaits one frame after the other. What a frame did is
 * looked up in the database.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";
import {
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
import { demo } from "../../src/flows/demo-account.ts";
import { type Sign, signer } from "../../src/simulator/device-key.ts";
import { simulatedCapabilities } from "../../src/simulator/terminal.ts";
import type { TestDatabase } from "./database.ts";

type FrameType = ServerFrame["type"];
type FrameOf<T extends FrameType> = Extract<ServerFrame, { type: T }>;

const patience_ms = 5_000;

/** One connection, from the challenge on. */
export class TerminalProbe {
  readonly #socket: WebSocket;
  readonly #arrived: ServerFrame[] = [];
  readonly #looking: (() => void)[] = [];
  #close_code: number | undefined;
  challenge: FrameOf<"challenge"> = { type: "challenge", nonce: "", protocol_versions: [] };
  epoch = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.#arrived.push(readServerFrame(String(data)));
      this.#news();
    });
    socket.on("close", (code) => {
      this.#close_code = code;
      this.#news();
    });
    socket.on("error", () => {});
  }

  /** Connects and awaits the challenge. */
  static async open(server: string): Promise<TerminalProbe> {
    const probe = new TerminalProbe(new WebSocket(`${server.replace(/^http/, "ws")}${connectPath}`));
    probe.challenge = await probe.expect("challenge");
    return probe;
  }

  /** Reversals that nobody awaited. */
  readonly reversals: FrameOf<"reverse">[] = [];

  send(...frames: TerminalFrame[]): void {
    for (const frame of frames) this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** The next frame, which must be of this type. Reversals that come before it are noted, and answered by nobody. */
  async expect<T extends FrameType>(type: T): Promise<FrameOf<T>> {
    let frame = await this.next();
    while (frame.type === "reverse" && type !== "reverse") {
      this.reversals.push(frame);
      frame = await this.next();
    }
    assert.equal(frame.type, type, JSON.stringify(frame));
    return frame as FrameOf<T>;
  }

  /** Everything sent so far has been handled, and was answered by nothing that was not awaited. */
  async quiet(): Promise<void> {
    this.send({ type: "heartbeat", boot_id: "boot_1", monotonic_ms: performance.now() });
    await this.expect("heartbeat");
  }

  /** Everything sent so far has been handled, or the connection has ended over it; what came of it is yet to be awaited. */
  async settled(): Promise<readonly ServerFrame[]> {
    this.send({ type: "heartbeat", boot_id: "boot_1", monotonic_ms: performance.now() });
    const isThere = () => this.#arrived.some(({ type }) => type === "heartbeat") || this.#close_code !== undefined;
    await this.#until(isThere, "an answer");
    return this.#arrived;
  }

  /** Whatever the server wrote before now has arrived; the frames that nobody has awaited yet. */
  async arrived(): Promise<readonly ServerFrame[]> {
    if (this.#socket.readyState === WebSocket.OPEN) {
      const pong = once(this.#socket, "pong");
      this.#socket.ping();
      await Promise.race([pong, this.closed()]);
    }
    return this.#arrived;
  }

  /** The server's refusal, with the code that it closed the connection with. */
  async refused(): Promise<FrameOf<"refused"> & { close_code: number }> {
    const refusal = await this.expect("refused");
    return { ...refusal, close_code: await this.closed() };
  }

  /** The code that the connection was closed with, by whichever side. */
  async closed(): Promise<number> {
    await this.#until(() => this.#close_code !== undefined, "a close");
    return this.#close_code ?? 0;
  }

  get isClosed(): boolean {
    return this.#close_code !== undefined;
  }

  /** Pulls the cable: no goodbye. */
  async cut(): Promise<void> {
    this.#socket.terminate();
    await this.closed();
  }

  /** The next frame, whatever it is. */
  async next(): Promise<ServerFrame> {
    await this.#until(() => this.#arrived.length > 0 || this.#close_code !== undefined, "a frame");
    const frame = this.#arrived.shift();
    assert.ok(frame !== undefined, `closed with ${this.#close_code} where a frame was awaited`);
    return frame;
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`${what} did not come in ${patience_ms} ms`)), patience_ms);
    try {
      while (!isThere()) {
        await Promise.race([new Promise<void>((resolve) => this.#looking.push(resolve)), late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #news(): void {
    for (const look of this.#looking.splice(0)) look();
  }
}

/** The device itself: its key, its journal's name, and the number of its next result. */
export class ProbeDevice {
  readonly server: string;
  readonly terminal_id: string;
  readonly sign: Sign;
  journal_id = "jr_first";
  boot_id = "boot_1";
  #sequence = 0;
  readonly #open: TerminalProbe[] = [];

  constructor(server: string, terminal_id: string, sign: Sign) {
    this.server = server;
    this.terminal_id = terminal_id;
    this.sign = sign;
  }

  /** With the key of the shop's simulated terminal; the shop runs with TAPLINE_SIMULATORS=off. */
  static async of(shop: { app: { address: string }; database: TestDatabase }): Promise<ProbeDevice> {
    const [row] = await shop.database.sql<{ private_jwk: JsonWebKey }>("SELECT private_jwk FROM simulated_terminals");
    assert.ok(row !== undefined);
    return new ProbeDevice(shop.app.address, demo.terminal_id, await signer(row.private_jwk));
  }

  /** A connection with its challenge in hand. */
  async open(): Promise<TerminalProbe> {
    const probe = await TerminalProbe.open(this.server);
    this.#open.push(probe);
    return probe;
  }

  /** A connection that the server has welcomed. */
  async connect(journal: Hello["journal"] = [], change: Partial<Hello> = {}): Promise<TerminalProbe> {
    const probe = await this.open();
    probe.send(await this.hello(probe.challenge.nonce, { journal, ...change }));
    probe.epoch = (await probe.expect("welcome")).epoch;
    return probe;
  }

  /** Hello, with a proof over what is said in it unless `change` brings another. */
  async hello(nonce: string, change: Partial<Hello> = {}): Promise<Hello> {
    const { terminal_id, boot_id, journal_id } = this;
    const said = { terminal_id, boot_id, journal_id, ...change };
    return {
      type: "hello",
      protocol_version: protocolVersion,
      monotonic_ms: performance.now(),
      proof: await this.sign(helloText(nonce, said)),
      device: { serial_number: "PROBE-1", model: "PROBE", software: "probe 1" },
      capabilities: simulatedCapabilities,
      journal: [],
      ...said,
    };
  }

  /** A result under the journal's next number. */
  result(prompt_id: string, outcome: Result["outcome"], change: Partial<Result> = {}): Result {
    const key = { journal_id: this.journal_id, sequence: ++this.#sequence };
    return { type: "result", ...key, prompt_id, outcome, ...change };
  }

  /** The approval of what the prompt asks for. */
  approval({ prompt_id, amount, currency }: PromptFrame, change: Partial<Result> = {}): Result {
    return this.result(prompt_id, "approved", { amount, currency, ...change });
  }

  /** Sends a result and awaits its acknowledgement. */
  async deliver(probe: TerminalProbe, result: Result): Promise<void> {
    probe.send(result);
    const { journal_id, sequence } = await probe.expect("acknowledge");
    assert.deepEqual([journal_id, sequence], [result.journal_id, result.sequence]);
  }

  /** Pulls every cable that is still in. */
  async leave(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((probe) => probe.cut()));
  }
}
