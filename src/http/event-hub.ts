/**
 * Follows the streams of those accounts that somebody here watches: one read for each that has grown, handed to all who
 * watch it. A hint says that a stream has grown; were it lost, a look each second finds it.
 */
import type { Clock, Log, Timer } from "../domain/environment.ts";
import { eventMessage } from "../domain/event-message.ts";
import type { GrownStream, Hints } from "../flows/hints.ts";
import type { Reader } from "../storage/database.ts";
import { type PlacedEvent, readEvents, readLastPosition, readLastPositions } from "../storage/events.ts";

/** Read in one go. */
const togetherMax = 500;
/** How often it is looked when no hint comes. */
const lookEvery_ms = 1_000;

/** An event, and its text in a stream, which is the same for all and made once. */
export class HandedEvent {
  readonly event: PlacedEvent;
  #text: string | undefined;

  constructor(event: PlacedEvent) {
    this.event = event;
  }

  get text(): string {
    const { position, type } = this.event;
    this.#text ??= `id: ${position}\nevent: ${type}\ndata: ${JSON.stringify(eventMessage(this.event))}\n\n`;
    return this.#text;
  }
}

export interface Watcher {
  /** Of this session alone. */
  readonly session_id?: string | undefined;
  /** New ones, in their order. */
  take(events: readonly HandedEvent[]): void;
  /** The server stops: nothing comes any more. */
  stop(): void;
}

export interface Watch {
  /** All up to here has been handed out. */
  readonly reached: number;
  end(): void;
}

interface Followed {
  readonly account_id: string;
  readonly all: Set<Watcher>;
  readonly by_session: Map<string, Set<Watcher>>;
  /** From here on events are handed out; `undefined` until it has been read. */
  reached: number | undefined;
  /** How far the stream is known to go. */
  known: number;
  /** Where it began is read once, for all who wait for it. */
  begun: Promise<void> | undefined;
  is_reading: boolean;
}

export interface HubParts {
  readonly db: Reader;
  readonly clock: Clock;
  readonly log: Log;
  readonly hints: Pick<Hints, "onStreamGrown">;
}

export class EventHub {
  readonly #parts: HubParts;
  readonly #followed = new Map<string, Followed>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(parts: HubParts) {
    this.#parts = parts;
    parts.hints.onStreamGrown((stream) => this.#grown(stream));
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** How many watch. */
  get watchers(): number {
    return [...this.#followed.values()].flatMap(setsOf).reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * From when it resolves, every event that is placed is handed to the watcher: whoever reads then what there is misses
   * nothing. Some may be handed to it before. Rejects where the database cannot be reached; then nothing is watched.
   */
  async watch(account_id: string, watcher: Watcher): Promise<Watch> {
    const followed = this.#followed.get(account_id) ?? this.#follow(account_id);
    const set = setOf(followed, watcher.session_id);
    set.add(watcher);
    const end = () => {
      set.delete(watcher);
      if (watcher.session_id !== undefined && set.size === 0) followed.by_session.delete(watcher.session_id);
      if (followed.all.size + followed.by_session.size > 0) return;
      if (this.#followed.get(account_id) === followed) this.#followed.delete(account_id);
    };
    try {
      followed.begun ??= this.#begin(followed);
      await followed.begun;
    } catch (error) {
      followed.begun = undefined;
      end();
      throw error;
    }
    if (this.#stopped) watcher.stop();
    return {
      get reached() {
        return followed.reached ?? 0;
      },
      end,
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const watcher of [...this.#followed.values()].flatMap(setsOf).flatMap((set) => [...set])) watcher.stop();
  }

  #follow(account_id: string): Followed {
    const followed: Followed = {
      account_id,
      all: new Set(),
      by_session: new Map(),
      reached: undefined,
      known: 0,
      begun: undefined,
      is_reading: false,
    };
    this.#followed.set(account_id, followed);
    if (this.#followed.size === 1) this.#lookLater();
    return followed;
  }

  async #begin(followed: Followed): Promise<void> {
    followed.reached = await readLastPosition(this.#parts.db, followed.account_id);
    followed.known = Math.max(followed.known, followed.reached);
    void this.#readOn(followed);
  }

  #grown({ account_id, last_position }: GrownStream): void {
    const followed = this.#followed.get(account_id);
    if (followed === undefined) return;
    followed.known = Math.max(followed.known, last_position);
    void this.#readOn(followed);
  }

  async #readOn(followed: Followed): Promise<void> {
    if (followed.is_reading) return;
    followed.is_reading = true;
    try {
      while (!this.#stopped && followed.reached !== undefined && followed.known > followed.reached) {
        const { account_id, reached, known } = followed;
        const events = await readEvents(this.#parts.db, { account_id, after: reached, limit: togetherMax });
        const last = events.at(-1)?.position ?? reached;
        // What is known to be there and was not among them is for a hook alone.
        followed.reached = events.length < togetherMax ? Math.max(known, last) : last;
        handOut(followed, events);
      }
    } catch (error) {
      this.#parts.log.warn({ problem: String(error) }, "a stream could not be read; looking again soon");
    }
    followed.is_reading = false;
  }

  #lookLater(): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(lookEvery_ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    if (this.#stopped || this.#followed.size === 0) return;
    // Where that fails, the next look finds it.
    const streams = await readLastPositions(this.#parts.db, [...this.#followed.keys()]).catch(() => []);
    for (const stream of streams) this.#grown(stream);
    if (!this.#stopped && this.#followed.size > 0) this.#lookLater();
  }
}

function setOf(followed: Followed, session_id: string | undefined): Set<Watcher> {
  if (session_id === undefined) return followed.all;
  const set = followed.by_session.get(session_id) ?? new Set();
  followed.by_session.set(session_id, set);
  return set;
}

const setsOf = ({ all, by_session }: Followed): Set<Watcher>[] => [all, ...by_session.values()];

function handOut({ all, by_session }: Followed, events: readonly PlacedEvent[]): void {
  if (events.length === 0) return;
  const handed = events.map((event) => new HandedEvent(event));
  for (const watcher of all) hand(watcher, handed);
  if (by_session.size === 0) return;
  const sessions = Map.groupBy(handed, ({ event }) => event.session_id);
  for (const [session_id, theirs] of sessions) {
    for (const watcher of by_session.get(session_id ?? "") ?? []) hand(watcher, theirs);
  }
}

/** One that cannot take it ends, and goes on from its place when it comes back; the others have theirs. */
function hand(watcher: Watcher, handed: readonly HandedEvent[]): void {
  try {
    watcher.take(handed);
  } catch {
    watcher.stop();
  }
}
