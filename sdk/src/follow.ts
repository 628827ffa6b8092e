/** Follows a stream of events: comes back by itself when it breaks, and goes on after the last event. */
import { TaplineError } from "./errors.ts";
import type { EventMessage } from "./types.ts";

export interface StreamedEvent {
  /** Its place in the account's stream: keep it, and go on from it as `lastEventId`. */
  readonly id: string;
  readonly type: string;
  readonly data: EventMessage;
}

export interface FollowOptions {
  /** The id of the last event that you have got. Without it a session is told from its first event, an account from now. */
  readonly lastEventId?: string;
  /** Ends it: the iteration is over then, without an error. */
  readonly signal?: AbortSignal;
  /** Called whenever the server listens: what happens from then on is told. */
  readonly onOpen?: () => void;
  /** Called when the stream has broken, with what is known of why; it comes back by itself. */
  readonly onBreak?: (problem: unknown) => void;
}

/** Asks for the stream beyond a place. Throws what the client throws for any call. */
export type OpenStream = (last_event_id: string | undefined, signal: AbortSignal) => Promise<Response>;

/** The server says something every 15 seconds: after three times that nobody is there. */
const silenceMax_ms = 45_000;
/** Between two attempts; doubled for each that failed, and drawn at random, so that not all come back at once. */
const pauseMin_ms = 500;
const pauseMax_ms = 30_000;

export async function* follow(
  open: OpenStream,
  options: FollowOptions,
): AsyncGenerator<StreamedEvent, void, undefined> {
  const { signal, onOpen, onBreak } = options;
  let place = options.lastEventId;
  let failures = 0;
  while (signal?.aborted !== true) {
    const connection = new AbortController();
    const hangUp = () => connection.abort();
    signal?.addEventListener("abort", hangUp, { once: true });
    let problem: unknown;
    try {
      const answer = await open(place, connection.signal);
      let is_open = false;
      for await (const { id, event, data } of blocksOf(answer, hangUp)) {
        if (!is_open) onOpen?.();
        is_open = true;
        failures = 0;
        place = id ?? place;
        if (data !== undefined) yield { id: place ?? "", type: event ?? "message", data: JSON.parse(data) };
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (isFinal(error)) throw error;
      failures++;
      problem = error;
    } finally {
      signal?.removeEventListener("abort", hangUp);
      hangUp();
    }
    if (signal?.aborted) return;
    onBreak?.(problem);
    const pause_ms = Math.min(pauseMax_ms, pauseMin_ms * 2 ** Math.max(0, failures - 1));
    await pause(pause_ms * (0.5 + Math.random() / 2), signal);
  }
}

/** What the server refuses for good; a server that is away, or overloaded, may be back. */
const isFinal = (error: unknown): boolean =>
  error instanceof TaplineError && error.status < 500 && error.status !== 408 && error.status !== 429;

interface Block {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** The blocks of a stream, comments too. A block that was cut in its middle never was. */
async function* blocksOf({ body }: Response, hangUp: () => void): AsyncGenerator<Block, void, undefined> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let silence = setTimeout(hangUp, silenceMax_ms);
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(hangUp, silenceMax_ms);
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) yield readBlock(block);
    }
  } finally {
    clearTimeout(silence);
  }
}

function readBlock(text: string): Block {
  const fields: { id?: string; event?: string; data?: string } = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, value = ""] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (name === "data") fields.data = fields.data === undefined ? value : `${fields.data}\n${value}`;
    else if (name === "id" || name === "event") fields[name] = value;
  }
  return fields;
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
