/** A client that follows a stream of the shop's, block by block, as a browser's EventSource would. */
import assert from "node:assert/strict";
import type { EventMessage } from "../../src/contract/events.ts";

export type Message = EventMessage & Readonly<Record<string, unknown>>;

export interface Block {
  readonly comment?: string;
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
}

const patience_ms = 10_000;

export class StreamReader {
  readonly answer: Response;
  /** All that came, in order. */
  readonly blocks: Block[] = [];
  readonly #hangUp: AbortController;
  #read = 0;
  #rest = "";
  #is_over = false;
  #news: () => void = () => {};

  private constructor(answer: Response, hangUp: AbortController) {
    this.answer = answer;
    this.#hangUp = hangUp;
    void this.#receive();
  }

  /** Follows from when this resolves: the first comment has come. */
  static async open(
    url: string,
    { token, after, headers = {} }: { token: string; after?: string | undefined; headers?: Record<string, string> },
  ): Promise<StreamReader> {
    const hangUp = new AbortController();
    const place = after === undefined ? {} : { "last-event-id": after };
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, ...place, ...headers },
      signal: hangUp.signal,
    });
    assert.equal(answer.status, 200, answer.status === 200 ? "" : await answer.text());
    const stream = new StreamReader(answer, hangUp);
    const first = await stream.next();
    assert.equal(first.comment, "listening");
    return stream;
  }

  /** The last id that came, with an event or without one. */
  get last_id(): string | undefined {
    return this.blocks.findLast(({ id }) => id !== undefined)?.id;
  }

  get events(): { id: string; type: string; message: Message }[] {
    return this.blocks.flatMap(({ id = "", event, data }) =>
      data === undefined ? [] : [{ id, type: event ?? "", message: JSON.parse(data) as Message }],
    );
  }

  /** The next block. */
  async next(): Promise<Block> {
    await this.#until(() => this.blocks.length > this.#read, "a block");
    return this.blocks[this.#read++] as Block;
  }

  /** The next event; comments are passed over. */
  async event(): Promise<{ id: string; type: string; message: Message }> {
    for (;;) {
      const { id = "", event = "", data } = await this.next();
      if (data !== undefined) return { id, type: event, message: JSON.parse(data) as Message };
    }
  }

  /** Reads on until one is there that the test waits for; answers all up to it. */
  async until(isIt: (type: string, message: Message) => boolean): Promise<{ type: string; message: Message }[]> {
    const seen: { type: string; message: Message }[] = [];
    for (;;) {
      const { type, message } = await this.event();
      seen.push({ type, message });
      if (isIt(type, message)) return seen;
    }
  }

  /** The server has closed it. */
  async over(): Promise<void> {
    await this.#until(() => this.#is_over, "the end");
  }

  get isOver(): boolean {
    return this.#is_over;
  }

  hangUp(): void {
    this.#hangUp.abort();
  }

  async #receive(): Promise<void> {
    try {
      const decoder = new TextDecoder();
      for await (const chunk of this.answer.body ?? []) {
        this.#rest += decoder.decode(chunk as Uint8Array, { stream: true });
        const parts = this.#rest.split("\n\n");
        this.#rest = parts.pop() ?? "";
        this.blocks.push(...parts.map(blockOf));
        this.#news();
      }
    } catch {
      // The line broke; what came is there.
    }
    this.#is_over = true;
    this.#news();
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    const until_ms = performance.now() + patience_ms;
    while (!isThere()) {
      const left_ms = until_ms - performance.now();
      if (this.#is_over || left_ms <= 0) {
        assert.fail(`${what} was awaited and did not come; came: ${JSON.stringify(this.blocks).slice(-2_000)}`);
      }
      await new Promise<void>((look) => {
        const timer = setTimeout(look, left_ms);
        this.#news = () => {
          clearTimeout(timer);
          look();
        };
      });
    }
  }
}

function blockOf(text: string): Block {
  const block: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
    block[name === "" ? "comment" : name] = value;
  }
  return block;
}
