/**
 * The terminal's connection to its server: opened again whenever it breaks, silent links noticed, heartbeats sent. It
 * knows frames, and nothing of payments.
 */
import {
  type Capabilities,
  FrameProblem,
  type Hello,
  heartbeatEvery_ms,
  helloText,
  protocolVersion,
  readServerFrame,
  type ServerFrame,
  silenceLimit_ms,
  type TerminalFrame,
} from "../contract/terminal-protocol.ts";
import type { Clock, Log, RandomBytes, Timer } from "../domain/environment.ts";
import type { Sign } from "./device-key.ts";

export interface LinkOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly address: string;
  readonly terminal_id: string;
  readonly boot_id: string;
  readonly device: Hello["device"];
  readonly capabilities: Capabilities;
  readonly sign: Sign;
  readonly journal: () => Pick<Hello, "journal_id" | "journal">;
  /** A frame for the terminal to act on; frames are handed over one after the other. */
  readonly onFrame: (frame: ServerFrame) => Promise<void>;
  /** The server has welcomed us: what it has not acknowledged is to be sent again. */
  readonly onWelcome: () => Promise<void>;
}

/** The wait before trying again: doubled each time, to a limit, a little at random so that a fleet does not march in step. */
const retryFirst_ms = 100;
const retryMax_ms = 5_000;
/** The protocol's close code for what trying again does not mend. */
const closedForGood = 4003;

export class Link {
  readonly #options: LinkOptions;
  #wanted = false;
  #socket: WebSocket | undefined;
  #welcomed = false;
  #retry_ms = retryFirst_ms;
  #heard_at = 0;
  #timers: Timer[] = [];
  #queue: Promise<void> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#welcomed;
  }

  /** The time of the last frame from the server, in the terminal's monotonic clock. */
  get heardAt(): number {
    return this.#heard_at;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#connect();
  }

  close(): void {
    this.#wanted = false;
    this.#drop();
  }

  send(frame: TerminalFrame): void {
    if (this.#welcomed) this.#socket?.send(JSON.stringify(frame));
  }

  #connect(): void {
    const socket = new WebSocket(this.#options.address);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#enqueue(socket, String(data));
    socket.onclose = ({ code }) => {
      // Refused for good: trying again would change nothing.
      if (code === closedForGood) this.#wanted = false;
      this.#lost(socket);
    };
    socket.onerror = () => socket.close();
  }

  #enqueue(socket: WebSocket, data: string): void {
    this.#heard_at = this.#options.clock.monotonic();
    this.#queue = this.#queue.then(async () => {
      if (socket !== this.#socket) return;
      try {
        await this.#take(readServerFrame(data), socket);
      } catch (error) {
        if (error instanceof FrameProblem) return this.#notSupported(error);
        this.#options.log.warn({ terminal_id: this.#options.terminal_id, problem: String(error) }, "frame not handled");
        socket.close();
      }
    });
  }

  /** A newer server may say what we do not know; it is told so, and the link stays. */
  #notSupported({ frame }: FrameProblem): void {
    const type = typeof frame === "object" && frame !== null && "type" in frame ? String(frame.type) : "unreadable";
    this.send({ type: "not_supported", of: type });
  }

  async #take(frame: ServerFrame, socket: WebSocket): Promise<void> {
    switch (frame.type) {
      case "challenge":
        return this.#hello(frame.nonce, socket);
      case "welcome":
        this.#welcomed = true;
        this.#retry_ms = retryFirst_ms;
        this.#beat(frame.heartbeat_every_ms);
        return this.#options.onWelcome();
      case "heartbeat":
        return;
      case "refused":
        this.#options.log.warn({ terminal_id: this.#options.terminal_id, code: frame.code }, frame.sentence);
        if (frame.code !== "REPLACED" && frame.code !== "STOPPING") this.#wanted = false;
        return;
      default:
        return this.#options.onFrame(frame);
    }
  }

  async #hello(nonce: string, socket: WebSocket): Promise<void> {
    const { terminal_id, boot_id, device, capabilities, sign, clock } = this.#options;
    const journal = this.#options.journal();
    const proof = await sign(helloText(nonce, { terminal_id, boot_id, journal_id: journal.journal_id }));
    const hello: Hello = {
      type: "hello",
      protocol_version: protocolVersion,
      terminal_id,
      boot_id,
      ...journal,
      monotonic_ms: clock.monotonic(),
      proof,
      device,
      capabilities,
    };
    // The link may have broken while the proof was made; on another one it would prove nothing.
    if (socket === this.#socket) socket.send(JSON.stringify(hello));
  }

  #beat(every_ms: number): void {
    const { clock, boot_id } = this.#options;
    const timer = clock.after(Math.min(every_ms, heartbeatEvery_ms), () => {
      if (clock.monotonic() - this.#heard_at > silenceLimit_ms) return this.#drop();
      this.send({ type: "heartbeat", boot_id, monotonic_ms: clock.monotonic() });
      this.#beat(every_ms);
    });
    this.#timers = [timer];
  }

  #drop(): void {
    const socket = this.#socket;
    if (socket !== undefined) this.#lost(socket);
    socket?.close();
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#welcomed = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    if (!this.#wanted) return;
    const jitter = 1 - (this.#options.random(1)[0] ?? 0) / 512;
    this.#timers = [
      this.#options.clock.after(this.#retry_ms * jitter, () => {
        if (this.#wanted && this.#socket === undefined) this.#connect();
      }),
    ];
    this.#retry_ms = Math.min(this.#retry_ms * 2, retryMax_ms);
  }
}
