/**
 * One client that follows a stream. First it is read what there is beyond its place, a page at a time and as fast as the
 * client takes it; from then on it is written what the hub hands out. What the hub hands out meanwhile is read again, so
 * that nothing is missed, and nothing is written twice, as places only go up.
 */
import type { ServerResponse } from "node:http";
import type { Streamed } from "../contract/operation.ts";
import type { Clock } from "../domain/environment.ts";
import type { Reader } from "../storage/database.ts";
import { readEvents } from "../storage/events.ts";
import { HandedEvent, type Watch, type Watcher } from "./event-hub.ts";

/** Of what was there before. */
const pageSize = 100;
/** What may wait for a client that reads too slowly; beyond, it is cut off, and goes on from its last event. */
const waitingMax_bytes = 256 * 1024;
/** A client that has taken nothing for so long is gone, or as good as gone. */
const stalledMax_ms = 30_000;
/** How long a client may take to get the last words. */
const partingMax_ms = 1_000;
/** How soon a client is to come back when the stream breaks. */
const retry_ms = 1_000;

export interface StreamParts {
  readonly db: Reader;
  readonly clock: Clock;
  readonly onClosed: () => void;
}

export class EventStream implements Watcher {
  readonly session_id: string | undefined;
  readonly #parts: StreamParts;
  readonly #place: Streamed;
  readonly #response: ServerResponse;
  #watch: Watch | undefined;
  /** The last event that was written or passed over. */
  #position: number;
  /** The last id that the client was told. */
  #told: number;
  #is_catching_up = false;
  #was_handed = false;
  /** Since when so much waits for the client. */
  #stalled: { readonly since_ms: number; readonly waiting_bytes: number } | undefined;
  #ended: string | undefined;

  constructor(parts: StreamParts, place: Streamed, response: ServerResponse) {
    this.#parts = parts;
    this.#place = place;
    this.#response = response;
    this.session_id = place.session_id;
    this.#position = place.after;
    this.#told = place.after;
    response.once("close", () => {
      this.#ended ??= "the client has hung up";
      this.#watch?.end();
      parts.onClosed();
    });
    response.on("error", () => {});
  }

  /** The head is written, and the watch has begun: from now on nothing is missed. */
  begin(watch: Watch): void {
    this.#watch = watch;
    const place = this.#place.tells_place ? `id: ${this.#position}\n` : "";
    this.#response.write(`: listening\nretry: ${retry_ms}\n${place}\n`);
    void this.#catchUp();
  }

  take(events: readonly HandedEvent[]): void {
    if (this.#watch === undefined || this.#is_catching_up) {
      this.#was_handed = true;
      return;
    }
    if (this.#ended !== undefined) return;
    if (this.#response.writableLength > waitingMax_bytes) this.#response.destroy();
    else this.#write(events);
  }

  stop(): void {
    // Before it has begun there is an answer that can say so in its status.
    if (this.#watch !== undefined) this.end("the server is stopping");
  }

  /** Says why, and closes. */
  end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#response.end(`: end: ${reason}\n\n`);
    const parting = this.#parts.clock.after(partingMax_ms, () => this.#response.destroy());
    this.#response.once("close", () => parting.cancel());
  }

  /** That it is still there, and how far it has come, so that a client that filters need not begin far back. */
  beat(): void {
    if (this.#ended !== undefined) return;
    if (this.#response.writableNeedDrain) {
      this.#checkTaking();
      return;
    }
    this.#stalled = undefined;
    const reached = this.#is_catching_up ? this.#position : Math.max(this.#position, this.#watch?.reached ?? 0);
    const place = reached > this.#told ? `id: ${reached}\n` : "";
    this.#told = Math.max(this.#told, reached);
    this.#response.write(`: heartbeat\n${place}\n`);
  }

  /** Another word would only wait behind the others. */
  #checkTaking(): void {
    const since_ms = this.#parts.clock.monotonic();
    const waiting_bytes = this.#response.writableLength;
    if (this.#stalled === undefined || waiting_bytes < this.#stalled.waiting_bytes) {
      this.#stalled = { since_ms, waiting_bytes };
    } else if (since_ms - this.#stalled.since_ms >= stalledMax_ms) {
      this.#response.destroy();
    }
  }

  async #catchUp(): Promise<void> {
    this.#is_catching_up = true;
    try {
      const { account_id, session_id } = this.#place;
      let is_page_full = true;
      while ((is_page_full || this.#was_handed) && this.#ended === undefined) {
        this.#was_handed = false;
        const place = { account_id, session_id, after: this.#position, limit: pageSize };
        const page = await readEvents(this.#parts.db, place);
        is_page_full = page.length === pageSize;
        for (const event of page) {
          this.#write([new HandedEvent(event)]);
          await this.#drained();
          if (this.#ended !== undefined) break;
        }
      }
    } catch {
      // The database is away: the client comes back, and goes on where it was.
      this.end("the database cannot be reached");
    }
    this.#is_catching_up = false;
  }

  #write(events: readonly HandedEvent[]): void {
    for (const handed of events) {
      const { position, type } = handed.event;
      if (position <= this.#position) continue;
      this.#position = position;
      if (!this.#place.shows(type)) continue;
      this.#told = position;
      this.#response.write(handed.text);
    }
  }

  async #drained(): Promise<void> {
    if (!this.#response.writableNeedDrain || this.#response.closed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#response.off("drain", done).off("close", done);
        resolve();
      };
      this.#response.on("drain", done).on("close", done);
    });
  }
}
