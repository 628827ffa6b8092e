/**
 * One terminal over one WebSocket: its frames in, one after the other, and ours out. What they mean is the flows'.
 */
import type { WebSocket } from "ws";
import {
  FrameProblem,
  type Hello,
  heartbeatEvery_ms,
  protocolVersion,
  readTerminalFrame,
  type ServerFrame,
  silenceLimit_ms,
  type TerminalFrame,
} from "../../contract/terminal-protocol.ts";
import type { Timer } from "../../domain/environment.ts";
import { newSecret } from "../../domain/ids.ts";
import { adviceNotSupported, takeAdvicesToSend } from "../../flows/advice.ts";
import { ConnectionReplaced, terminalGone } from "../../flows/connection.ts";
import { cardPresented, promptShown, takePromptToSend } from "../../flows/prompt.ts";
import { catchUp } from "../../flows/reconnection.ts";
import {
  takeAdviceResult,
  takeOperationResult,
  takeResult,
  takeReversalResult,
  takeUnreadableResult,
} from "../../flows/result.ts";
import { reversalNotSupported, reversalsNotSupported, takeReversalsToSend } from "../../flows/reversal.ts";
import { operationNotSupported, takeOperationsToSend } from "../../flows/terminal-operation.ts";
import type { World } from "../../flows/world.ts";
import type { SentPrompt, TerminalLink } from "../../storage/prompts.ts";
import type { KeyedWord } from "../../storage/terminal-results.ts";
import { admitTerminal } from "./admission.ts";

/** The terminal's monotonic clock as it last told us, beside ours at that moment. */
interface ClockReading {
  readonly boot_id: string;
  readonly terminal_ms: number;
  readonly heard_ms: number;
}

/** Frames that wait for their turn. A terminal sends a handful; more is not a terminal. */
const queueMax = 256;

/** Close codes: 4000 try again, 4003 do not. */
const closeCodes: Record<RefusalCode, number> = {
  PROOF_WRONG: 4003,
  PROTOCOL_VERSION: 4003,
  FRAME_NOT_UNDERSTOOD: 4003,
  TERMINAL_DELETED: 4003,
  REPLACED: 4000,
  STOPPING: 4000,
};
type RefusalCode = Extract<ServerFrame, { type: "refused" }>["code"];

const keyedTypes: ReadonlySet<unknown> = new Set(["result", "reversal_result", "advice_result", "operation_result"]);

/** The key of a result whose content is not of the protocol, with all that was sent beside it. */
function keyedWord(frame: unknown): KeyedWord | undefined {
  if (typeof frame !== "object" || frame === null || !("type" in frame)) return undefined;
  if (!keyedTypes.has(frame.type)) return undefined;
  const { journal_id, sequence, prompt_id, reversal_id, advice_id, operation_id } = frame as Record<string, unknown>;
  if (!isPrintable(journal_id) || !Number.isSafeInteger(sequence) || Number(sequence) < 1) return undefined;
  const about = [prompt_id, reversal_id, advice_id, operation_id].find(isPrintable);
  return { ...frame, journal_id, sequence: Number(sequence), prompt_id: String(about ?? "") };
}

const isPrintable = (id: unknown): id is string => typeof id === "string" && /^[\x21-\x7e]{1,128}$/.test(id);

const isHelloOfAnotherVersion = (frame: unknown): boolean =>
  typeof frame === "object" &&
  frame !== null &&
  "type" in frame &&
  frame.type === "hello" &&
  "protocol_version" in frame &&
  frame.protocol_version !== protocolVersion;

export interface ConnectionEvents {
  /** The terminal proved who it is; the connection is now its only one. */
  readonly onAdmitted: (connection: Connection) => void;
  readonly onGone: (connection: Connection) => void;
}

export class Connection {
  readonly #world: World;
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #nonce: string;
  #link: TerminalLink | undefined;
  #clock: ClockReading | undefined;
  #silence: Timer | undefined;
  #queued = 0;
  #turns: Promise<void> = Promise.resolve();
  #gone = false;
  #deaf = false;
  #can_reverse = true;

  constructor(world: World, socket: WebSocket, events: ConnectionEvents) {
    this.#world = world;
    this.#socket = socket;
    this.#events = events;
    this.#nonce = newSecret(world.random);
    socket.on("message", (data) => this.#enqueue(String(data)));
    socket.on("close", () => void this.#leave());
    socket.on("error", () => socket.terminate());
    this.#listen();
    this.send({ type: "challenge", nonce: this.#nonce, protocol_versions: [protocolVersion] });
  }

  get link(): TerminalLink | undefined {
    return this.#link;
  }

  send(frame: ServerFrame): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  /** Says why, and hears nothing more. */
  refuse(code: RefusalCode, sentence: string): void {
    this.#deaf = true;
    this.send({ type: "refused", code, sentence });
    this.#socket.close(closeCodes[code]);
  }

  /** Sends the prompt that waits for this terminal, if one does. */
  sendDue(): void {
    void this.#turn(() => this.#sendDue());
  }

  /** Asks for the reversals that wait for this terminal. */
  sendReversals(): void {
    this.#whileItLasts((link) => this.#sendReversals(link));
  }

  /** Tells the terminal's host of captures, voids and lapses that wait. */
  sendAdvices(): void {
    this.#whileItLasts((link) => this.#sendAdvices(link));
  }

  /** Asks the terminal for the operation that waits. */
  sendOperations(): void {
    this.#whileItLasts((link) => this.#sendOperations(link));
  }

  /** Sends a frame about a prompt, after the prompt itself if that is just being sent. */
  sendAfter(frame: ServerFrame): void {
    void this.#turn(async () => this.send(frame));
  }

  async #sendDue(): Promise<void> {
    const link = this.#link;
    if (link === undefined || this.#gone) return;
    const prompt = await takePromptToSend(this.#world, link);
    if (prompt !== undefined) this.sendPrompt(prompt);
  }

  /** Writes a prompt that reads SENT on disk. */
  sendPrompt(prompt: SentPrompt): void {
    const clock = this.#clock;
    if (clock === undefined) return;
    const { id, kind, amount, currency, merchant_reference, original_unique_id } = prompt;
    this.send({
      type: "prompt",
      prompt_id: id,
      kind,
      amount,
      currency,
      merchant_reference,
      boot_id: clock.boot_id,
      not_after_ms: this.#inTerminalTime(clock, prompt.deadline_at),
      ...(original_unique_id === null ? {} : { original: { unique_id: original_unique_id } }),
    });
  }

  /**
   * A moment of ours in the terminal's clock. The reading was older than it seems by the time it took to arrive, so the
   * answer can only be early (prompt-life section 4).
   */
  #inTerminalTime({ terminal_ms, heard_ms }: ClockReading, moment: string): number {
    const { clock } = this.#world;
    return terminal_ms + (clock.monotonic() - heard_ms) + (Date.parse(moment) - clock.now());
  }

  #enqueue(data: string): void {
    this.#listen();
    if (this.#queued >= queueMax) {
      this.#socket.terminate();
      return;
    }
    this.#queued++;
    void this.#turn(async () => {
      this.#queued--;
      if (!this.#gone && !this.#deaf) await this.#read(data);
    });
  }

  #whileItLasts(work: (link: TerminalLink) => Promise<void>): void {
    void this.#turn(async () => {
      if (this.#link !== undefined && !this.#gone) await work(this.#link);
    });
  }

  #turn(work: () => Promise<void>): Promise<void> {
    this.#turns = this.#turns.then(work).catch((error: unknown) => {
      if (error instanceof FrameProblem) return this.#refuseFrame(error);
      if (error instanceof ConnectionReplaced) return this.refuse("REPLACED", "The terminal has connected again.");
      // The frame was not handled and not acknowledged: the terminal comes back and says it again.
      this.#world.log.error({ ...this.#link, problem: String(error) }, "a terminal's frame could not be handled");
      this.#socket.terminate();
    });
    return this.#turns;
  }

  async #read(data: string): Promise<void> {
    let frame: TerminalFrame;
    try {
      frame = readTerminalFrame(data);
    } catch (error) {
      const word = error instanceof FrameProblem ? keyedWord(error.frame) : undefined;
      if (word === undefined || this.#link === undefined) throw error;
      // A result is never refused for its content: it would come back for ever.
      await takeUnreadableResult(this.#world, this.#link, word);
      return this.#acknowledge(this.#link, word);
    }
    await this.#take(frame);
  }

  #refuseFrame(problem: FrameProblem): void {
    if (isHelloOfAnotherVersion(problem.frame)) {
      this.refuse("PROTOCOL_VERSION", `This server speaks version ${protocolVersion} of the protocol.`);
    } else {
      this.refuse("FRAME_NOT_UNDERSTOOD", problem.message);
    }
  }

  async #take(frame: TerminalFrame): Promise<void> {
    if (frame.type === "hello") return this.#admit(frame);
    const link = this.#link;
    if (link === undefined) throw new FrameProblem("The first frame is hello.");
    switch (frame.type) {
      case "heartbeat":
        this.#clock = { ...this.#reading(frame), boot_id: frame.boot_id };
        return this.send({ type: "heartbeat" });
      case "shown":
        return promptShown(this.#world, link, frame.prompt_id);
      case "card_presented":
      case "too_late":
        return cardPresented(this.#world, link, frame.prompt_id);
      case "standing":
        if (frame.step === "shown") return promptShown(this.#world, link, frame.prompt_id);
        if (frame.step === "card_presented") return cardPresented(this.#world, link, frame.prompt_id);
        return;
      case "result":
        await takeResult(this.#world, link, frame);
        return this.#acknowledge(link, frame);
      case "reversal_result":
        await takeReversalResult(this.#world, link, frame);
        return this.#acknowledge(link, frame);
      case "advice_result":
        await takeAdviceResult(this.#world, link, frame);
        return this.#acknowledge(link, frame);
      case "operation_result":
        await takeOperationResult(this.#world, link, frame);
        return this.#acknowledge(link, frame);
      case "not_supported":
        if (frame.of === "reverse" && frame.id !== undefined) return reversalNotSupported(this.#world, link, frame.id);
        if (frame.of === "advice" && frame.id !== undefined) return adviceNotSupported(this.#world, link, frame.id);
        if (frame.of === "operation" && frame.id !== undefined)
          return operationNotSupported(this.#world, link, frame.id);
        return this.#world.log.warn({ ...link, of: frame.of }, "a terminal cannot do what it was asked");
    }
  }

  /** Reversals go out before the acknowledgement, and so before the terminal shows anything new. */
  async #acknowledge(link: TerminalLink, { journal_id, sequence }: { journal_id: string; sequence: number }) {
    await this.#sendReversals(link);
    this.send({ type: "acknowledge", journal_id, sequence });
    await this.#sendDue();
  }

  async #sendReversals(link: TerminalLink): Promise<void> {
    if (!this.#can_reverse) return reversalsNotSupported(this.#world, link);
    for (const { id, prompt_id, amount, currency } of await takeReversalsToSend(this.#world, link)) {
      this.send({ type: "reverse", reversal_id: id, prompt_id, amount, currency });
    }
  }

  async #sendAdvices(link: TerminalLink): Promise<void> {
    for (const { id, prompt_id, kind, amount, currency } of await takeAdvicesToSend(this.#world, link)) {
      this.send({ type: "advice", advice_id: id, prompt_id, kind, amount, currency });
    }
  }

  async #sendOperations(link: TerminalLink): Promise<void> {
    for (const { id, operation, parameters } of await takeOperationsToSend(this.#world, link)) {
      this.send({ type: "operation", operation_id: id, operation, ...(parameters === null ? {} : { parameters }) });
    }
  }

  async #admit(hello: Hello): Promise<void> {
    if (this.#link !== undefined) throw new FrameProblem("hello comes once.");
    const admission = await admitTerminal(this.#world, hello, this.#nonce);
    if (!admission.admitted) {
      return this.refuse(admission.code, "The terminal is not paired with this server, or its key is another one.");
    }
    this.#link = admission.link;
    this.#can_reverse = hello.capabilities.reverse;
    // The link broke while the proof was checked: nobody else will say that the terminal has gone.
    if (this.#gone) return terminalGone(this.#world, admission.link);
    this.#clock = { ...this.#reading(hello), boot_id: hello.boot_id };
    this.#events.onAdmitted(this);
    if (this.#deaf) return;
    this.send({
      type: "welcome",
      epoch: admission.link.epoch,
      heartbeat_every_ms: heartbeatEvery_ms,
      silence_limit_ms: silenceLimit_ms,
    });
    await this.#sendReversals(admission.link);
    for (const step of await catchUp(this.#world, admission.link, hello)) {
      if (step.act === "send") this.sendPrompt(step.prompt);
      else this.send({ type: step.act, prompt_id: step.prompt.id });
    }
    await this.#sendAdvices(admission.link);
    await this.#sendOperations(admission.link);
    return this.#sendDue();
  }

  #reading({ monotonic_ms }: { monotonic_ms: number }) {
    return { terminal_ms: monotonic_ms, heard_ms: this.#world.clock.monotonic() };
  }

  /** A link that says nothing for so long is dead, whatever TCP thinks of it. */
  #listen(): void {
    this.#silence?.cancel();
    this.#silence = this.#world.clock.after(silenceLimit_ms, () => this.#socket.terminate());
  }

  async #leave(): Promise<void> {
    this.#gone = true;
    this.#silence?.cancel();
    this.#events.onGone(this);
    const link = this.#link;
    if (link === undefined) return;
    await terminalGone(this.#world, link).catch((error: unknown) =>
      this.#world.log.warn({ ...link, problem: String(error) }, "could not record that a terminal has gone"),
    );
  }
}
