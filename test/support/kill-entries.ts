/** A terminal's durable log as a file: one entry a line, on disk when `append` has returned. */
import { appendFileSync, existsSync } from "node:fs";
import { open, readFile, rm, truncate } from "node:fs/promises";
import type { EntryLog } from "../../src/simulator/entry-log.ts";

export class FileEntries<Entry> implements EntryLog<Entry> {
  readonly #path: string;
  readonly #linger: (entry: Entry, is_written: boolean) => Promise<void>;

  /** `linger` takes a while before and after each write, as a terminal's flash does: a kill falls in there. */
  constructor(path: string, linger: (entry: Entry, is_written: boolean) => Promise<void> = async () => {}) {
    this.#path = path;
    this.#linger = linger;
  }

  /** A power cut may leave a last line without its end: it never counted, and goes, or the next would be joined to it. */
  async load(): Promise<Entry[]> {
    const bytes = await readFile(this.#path).catch(() => Buffer.alloc(0));
    const whole = bytes.lastIndexOf("\n") + 1;
    if (whole < bytes.length) await truncate(this.#path, whole);
    const lines = bytes.toString("utf8", 0, whole).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Entry);
  }

  async append(entry: Entry): Promise<void> {
    await this.#linger(entry, false);
    const file = await open(this.#path, "a");
    try {
      await file.write(`${JSON.stringify(entry)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#linger(entry, true);
  }

  async wipe(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  /** What a power cut in the middle of a write leaves. For the owner of a terminal that is off. */
  tear(): void {
    if (existsSync(this.#path)) appendFileSync(this.#path, '{"kind":"concl');
  }
}

/** Where a terminal keeps its journal, and its card host the book. */
export const journalOf = (folder: string): string => `${folder}/journal.jsonl`;
export const bookOf = (folder: string): string => `${folder}/host.jsonl`;
