/** A simulated terminal's disk, and its host's book, in memory: with a power switch, and a hand on each write. */
import type { EntryLog } from "../../src/simulator/entry-log.ts";
import type { BookEntry } from "../../src/simulator/host-book.ts";
import type { JournalEntry } from "../../src/simulator/journal.ts";

/** What the host writes: that it authorized or took back, and what it was told afterwards. */
type Written = JournalEntry["kind"] | "authorized" | "told";

/** Power goes at the so-many-th write, with that entry on the disk or not. */
export interface PowerCut {
  readonly write: number;
  readonly kept: boolean;
}

const never = new Promise<never>(() => {});

export class HandDisk {
  readonly journal: JournalEntry[] = [];
  readonly host: BookEntry[] = [];
  /** What happened, in its order; tests add what they see besides the writes. */
  readonly story: string[] = [];
  /** Resolves when power has gone. */
  out: Promise<void> = never;
  #goOut: () => void = () => {};
  #cut: PowerCut | undefined;
  #writes = 0;
  #boot = 0;
  readonly #held = new Map<Written, { reached: () => void; released: Promise<void> }>();

  /** The logs for one boot; what an earlier boot still wants to write is never written. */
  boot(cut?: PowerCut): { journal: EntryLog<JournalEntry>; host: EntryLog<BookEntry> } {
    const boot = ++this.#boot;
    this.#cut = cut;
    this.#writes = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.out = promise;
    this.#goOut = resolve;
    return {
      journal: {
        load: async () => structuredClone(this.journal),
        append: (entry) => this.#write(boot, entry.kind, () => this.journal.push(structuredClone(entry))),
        wipe: async () => {
          this.journal.length = 0;
        },
      },
      host: {
        load: async () => structuredClone(this.host),
        append: (entry) =>
          this.#write(boot, "advice_id" in entry ? "told" : "authorized", () => this.host.push(structuredClone(entry))),
        // A host is never wiped with a terminal.
        wipe: async () => {},
      },
    };
  }

  /** The next write of this kind waits in the middle until it is let go. */
  hold(kind: Written): { reached: Promise<void>; release: () => void } {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#held.set(kind, { reached: reached.resolve, released: released.promise });
    return { reached: reached.promise, release: released.resolve };
  }

  async #write(boot: number, kind: Written, keep: () => void): Promise<void> {
    if (boot !== this.#boot) return never;
    const is_last = ++this.#writes === this.#cut?.write;
    if (is_last && !this.#cut?.kept) return this.#lose();
    const held = this.#held.get(kind);
    this.#held.delete(kind);
    held?.reached();
    await held?.released;
    keep();
    this.story.push(`${kind} is on disk`);
    if (is_last) return this.#lose();
  }

  #lose(): Promise<never> {
    this.#boot++;
    this.#goOut();
    return never;
  }
}
