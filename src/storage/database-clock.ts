/**
 * The database's clock, so that every process that shares it agrees on the time: read each second, and carried on by this
 * process's own monotonic clock between readings (prompt-life section 9).
 */
import type { Clock } from "../domain/environment.ts";
import { type Database, type Reader, statement, type Tx } from "./database.ts";

/** A larger difference is a step, not drift: it is logged, and open deadlines move with it. */
export const stepMin_ms = 2_000;

const readTime = statement("read_time", "SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now_ms");

export class DatabaseClock implements Clock {
  readonly #own: Clock;
  /** The database's time less our monotonic clock's. */
  #offset_ms: number;

  private constructor(own: Clock, offset_ms: number) {
    this.#own = own;
    this.#offset_ms = offset_ms;
  }

  static async read(own: Clock, db: Database): Promise<DatabaseClock> {
    return new DatabaseClock(own, await readOffset(own, db));
  }

  now = (): number => Math.floor(this.#offset_ms + this.#own.monotonic());
  monotonic = (): number => this.#own.monotonic();
  after: Clock["after"] = (delay_ms, work) => this.#own.after(delay_ms, work);
  wait: Clock["wait"] = (delay_ms) => this.#own.wait(delay_ms);

  /** Reads the database's time again. Answers by how much it had stepped, or 0 for mere drift. */
  async adjust(db: Database): Promise<number> {
    const offset_ms = await readOffset(this.#own, db);
    const change_ms = offset_ms - this.#offset_ms;
    this.#offset_ms = offset_ms;
    return Math.abs(change_ms) >= stepMin_ms ? Math.round(change_ms) : 0;
  }
}

/** Half the round trip is the best guess for how old the reading is when it arrives. */
async function readOffset(own: Clock, db: Reader): Promise<number> {
  const asked_at = own.monotonic();
  const [row] = await db.query<{ now_ms: string }>(readTime, []);
  const received_at = own.monotonic();
  return Number(row?.now_ms) - (asked_at + received_at) / 2;
}

const lockSteps = statement("lock_clock_steps", "SELECT pg_advisory_xact_lock(7236414)");
const recentStep = statement("recent_clock_step", "SELECT FROM clock_steps WHERE seen_at > $1 AND step_ms * $2 > 0");
const recordStep = statement("record_clock_step", "INSERT INTO clock_steps (seen_at, step_ms) VALUES ($1, $2)");
const shift = statement(
  "shift_deadlines",
  `UPDATE prompts SET deadline_at = deadline_at + $1 * interval '1 millisecond',
     stop_asked_at = stop_asked_at + $1 * interval '1 millisecond',
     card_presented_at = card_presented_at + $1 * interval '1 millisecond'
   WHERE status IN ('WAITING', 'PENDING', 'SENT', 'SHOWN', 'PROCESSING')`,
);

const shiftOperations = statement(
  "shift_operation_deadlines",
  `UPDATE terminal_operations SET deadline_at = deadline_at + $1 * interval '1 millisecond' WHERE status = 'PENDING'`,
);

/** Processes see the same step within a second or two of each other; a later one in the same direction is another. */
const sameStep_ms = 10_000;

/** Moves open deadlines with a step of the clock, once however many processes saw it. Answers whether this one did. */
export async function shiftDeadlines(tx: Tx, step_ms: number, now: number): Promise<boolean> {
  await tx.query(lockSteps, []);
  const since = new Date(now - sameStep_ms).toISOString();
  if ((await tx.query(recentStep, [since, step_ms])).length > 0) return false;
  await tx.query(recordStep, [new Date(now).toISOString(), step_ms]);
  await tx.query(shift, [step_ms]);
  await tx.query(shiftOperations, [step_ms]);
  return true;
}
