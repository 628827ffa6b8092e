/** Every stream that is open in this process: a heartbeat for each, and the question whether its token is still good. */
import type { FastifyReply } from "fastify";
import type { Streamed } from "../contract/operation.ts";
import type { Clock, Log, Timer } from "../domain/environment.ts";
import { Rejection } from "../domain/rejections.ts";
import type { Reader } from "../storage/database.ts";
import type { EventHub } from "./event-hub.ts";
import { EventStream } from "./event-stream.ts";
import type { TokenClaims } from "./token-keys.ts";

/** Each has a heartbeat in its second of so many: ten thousand are not written to at once. */
const heartbeatEvery_s = 15;
const second_ms = 1_000;

/** The token's claims as they are now. Throws the refusal where it is good no more. */
type Authenticate = () => Promise<TokenClaims>;

interface Open {
  readonly stream: EventStream;
  readonly authenticate: Authenticate;
  /** Those it was opened with. */
  readonly scopes: string;
}

export interface StreamsParts {
  readonly db: Reader;
  readonly clock: Clock;
  readonly log: Log;
}

export class EventStreams {
  readonly #hub: EventHub;
  readonly #parts: StreamsParts;
  readonly #seconds: readonly Set<Open>[] = Array.from({ length: heartbeatEvery_s }, () => new Set<Open>());
  #opened = 0;
  #open = 0;
  #second = 0;
  #timer: Timer | undefined;
  /** Whose token is to be looked at. */
  readonly #unchecked = new Set<Open>();
  #is_checking = false;

  constructor(hub: EventHub, parts: StreamsParts) {
    this.#hub = hub;
    this.#parts = parts;
  }

  /** Answers with the stream. Throws where it cannot begin; then nothing has been answered. */
  async open(place: Streamed, reply: FastifyReply, authenticate: Authenticate): Promise<void> {
    if (this.#hub.isStopped) throw new Rejection("SERVER_STOPPING");
    const scopes = scopesOf(await authenticate());
    const { raw: response } = reply;
    const seconds = this.#seconds[this.#opened++ % heartbeatEvery_s] ?? new Set();
    const { db, clock } = this.#parts;
    const onClosed = () => {
      this.#unchecked.delete(opened);
      if (seconds.delete(opened)) this.#open--;
    };
    const stream = new EventStream({ db, clock, onClosed }, place, response);
    const opened = { stream, authenticate, scopes };
    const watch = await this.#hub.watch(place.account_id, stream);
    if (this.#hub.isStopped) {
      watch.end();
      throw new Rejection("SERVER_STOPPING");
    }
    writeHead(reply);
    // A client that has hung up meanwhile is gone already, and will not go once more.
    if (response.closed || reply.request.method === "HEAD") {
      watch.end();
      response.end();
      return;
    }
    seconds.add(opened);
    this.#open++;
    stream.begin(watch);
    this.#timer ??= clock.after(second_ms, () => this.#tick());
  }

  #tick(): void {
    const due = [...(this.#seconds[this.#second++ % heartbeatEvery_s] ?? [])];
    for (const opened of due) {
      opened.stream.beat();
      this.#unchecked.add(opened);
    }
    void this.#checkDue();
    this.#timer = this.#open === 0 ? undefined : this.#parts.clock.after(second_ms, () => this.#tick());
  }

  /** One after the other: the first of a client asks the database, and the others are answered from memory. */
  async #checkDue(): Promise<void> {
    if (this.#is_checking) return;
    this.#is_checking = true;
    for (const opened of this.#unchecked) {
      this.#unchecked.delete(opened);
      const reason = await this.#faultOf(opened);
      if (reason !== undefined) opened.stream.end(reason);
    }
    this.#is_checking = false;
  }

  /** Why the stream must end. Where that cannot be found out just now, it is tried again at its next heartbeat. */
  async #faultOf({ authenticate, scopes }: Open): Promise<string | undefined> {
    try {
      return scopesOf(await authenticate()) === scopes ? undefined : "the token's scopes have changed";
    } catch (error) {
      if (error instanceof Rejection) return error.message;
      this.#parts.log.warn({ problem: String(error) }, "the token of an open stream could not be checked");
      return undefined;
    }
  }
}

function writeHead(reply: FastifyReply): void {
  reply.hijack();
  const { raw: response } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    // When it ends, so does the connection: one that is kept for a next request would hold up a stop.
    connection: "close",
  });
}

const scopesOf = ({ scopes }: TokenClaims): string => scopes.join(" ");
