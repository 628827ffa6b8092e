/** PostgreSQL's own log: a file in the data directory that stays small, and whose grave lines reach the server's log. */
import { copyFile, type FileHandle, open, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Log, Timer } from "../../domain/environment.ts";
import { onFolder } from "./folder-problem.ts";

/** Beyond this size the file starts again; one older file is kept. A day without trouble is a few hundred bytes. */
const LARGEST_LOG = 4 * 1024 * 1024;
/** What is read of the file at a time. Of more, the end is what matters. */
const LARGEST_READ = 64 * 1024;
const READ_EVERY_MS = 2_000;

/** Said at every start and stop, and when the postmaster is killed, which is reported in words of our own. */
const EXPECTED =
  /the database system is|terminating connection due to administrator command|due to unexpected postmaster exit/;

export class ServerLog {
  readonly path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #offset = 0;
  #timer: Timer | undefined;
  #last: string | undefined;

  constructor(directory: string, clock: Clock, log: Log) {
    this.path = join(directory, "postgres.log");
    this.#clock = clock;
    this.#log = log;
  }

  /** Opens the file for a postmaster to write to. What is in it by then is not read again. */
  async open(): Promise<FileHandle> {
    await this.#keepSmall();
    // Appending, so that the file can be emptied under a running postmaster.
    const file = await onFolder(this.path, () => open(this.path, "a", 0o600));
    this.#offset = (await file.stat()).size;
    this.#last = undefined;
    return file;
  }

  /** Begins to pass grave lines on, from here, every other second. */
  async watch(): Promise<void> {
    this.#offset = await this.#size();
    this.#schedule();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const timer = this.#clock.after(READ_EVERY_MS, async () => {
      for (const line of await this.#graveLines()) {
        if (!EXPECTED.test(line)) this.#log.warn({ postgres: line }, "PostgreSQL reports trouble");
      }
      await this.#keepSmall();
      if (this.#timer === timer) this.#schedule();
    });
    this.#timer = timer;
  }

  /** What the postmaster that was started last said at the end, which is usually why it ended. */
  async lastGraveLine(): Promise<string | undefined> {
    await this.#graveLines();
    return this.#last;
  }

  /** The FATAL and PANIC lines since the last look, without their times. The log is an aid: a failure to read is none. */
  async #graveLines(): Promise<string[]> {
    try {
      const lines = (await this.#news()).split("\n");
      const grave = lines.flatMap((line) => /\b(?:FATAL|PANIC): .*/.exec(line)?.[0] ?? []);
      this.#last = grave.at(-1) ?? this.#last;
      return grave;
    } catch {
      return [];
    }
  }

  async #news(): Promise<string> {
    const size = await this.#size();
    // The file was emptied, by us or by somebody else.
    if (size < this.#offset) this.#offset = 0;
    const from = Math.max(this.#offset, size - LARGEST_READ);
    if (size === from) return "";
    const file = await open(this.path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      // A line that is still being written is left for the next look.
      const whole = buffer.subarray(0, bytesRead).lastIndexOf("\n") + 1;
      this.#offset = from + whole;
      return buffer.toString("utf8", 0, whole);
    } finally {
      await file.close();
    }
  }

  async #size(): Promise<number> {
    return (await stat(this.path).catch(() => undefined))?.size ?? 0;
  }

  async #keepSmall(): Promise<void> {
    if ((await this.#size()) <= LARGEST_LOG) return;
    await copyFile(this.path, `${this.path}.1`).catch(() => undefined);
    await truncate(this.path).catch(() => undefined);
  }
}
