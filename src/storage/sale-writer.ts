/**
 * Writes sales as they come. A sale that finds a writer free is written at once; those that come while every writer is
 * busy go together in the next statement. Nothing waits for company, and each sale is answered when it is on disk.
 *
 * Most of what the creating statement costs is its start: ten sales in one statement cost a third of ten statements.
 */
import { type Database, DatabaseUnavailable } from "./database.ts";
import { type CreatedSale, insertSales, type NewSale, readCreated } from "./sales.ts";

/** Statements under way at once: one for each core of a small machine keeps both busy while the disk syncs. */
const writersMax = 3;
/** Sales in one statement. Past this the statement's own time would be felt. */
const togetherMax = 32;

interface Waiting {
  readonly sale: NewSale;
  readonly resolve: (created: CreatedSale | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class SaleWriter {
  readonly #db: Database;
  #waiting: Waiting[] = [];
  #writers = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The created sale, or `undefined` where something stands in its way (see `readObstacles`). */
  write(sale: NewSale): Promise<CreatedSale | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sale, resolve, reject });
      if (this.#writers < writersMax) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#writers++;
    while (this.#waiting.length > 0) await this.#writeTogether(this.#takeNext());
    this.#writers--;
  }

  /** Two sales for one terminal never go together: the statement would take either, and the first came first. */
  #takeNext(): Waiting[] {
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    const terminals = new Set<string>();
    for (const waiting of this.#waiting) {
      const { terminal_id } = waiting.sale;
      const goes = taken.length < togetherMax && !terminals.has(terminal_id);
      (goes ? taken : left).push(waiting);
      terminals.add(terminal_id);
    }
    this.#waiting = left;
    return taken;
  }

  async #writeTogether(together: readonly Waiting[]): Promise<void> {
    try {
      const created = await this.#insert(together);
      for (const { sale, resolve } of together) resolve(created.get(sale.session_id));
    } catch (error) {
      // One sale that the database refuses must not take the others down: each is tried by itself.
      if (!(error instanceof DatabaseUnavailable) && together.length > 1) {
        for (const waiting of together) await this.#writeTogether([waiting]);
      } else if (error instanceof DatabaseUnavailable) {
        await this.#lookUp(together, error);
      } else {
        for (const { reject } of together) reject(error);
      }
    }
  }

  /**
   * The connection went while the statement was under way: whether it was committed is seen by the sessions' ids, which we
   * made. Where even that cannot be asked, nobody knows, and the answer is 503.
   */
  async #lookUp(together: readonly Waiting[], error: DatabaseUnavailable): Promise<void> {
    const sales = together.map(({ sale }) => sale);
    const created = await readCreated(this.#db, sales).catch(() => undefined);
    const found = new Map(created?.map((sale) => [sale.session_id, sale]));
    for (const { sale, resolve, reject } of together) {
      const one = found.get(sale.session_id);
      if (one === undefined) reject(error);
      else resolve(one);
    }
  }

  async #insert(together: readonly Waiting[]): Promise<Map<string, CreatedSale>> {
    const sales = together.map(({ sale }) => sale);
    const created = await this.#db.atOnce((tx) => insertSales(tx, sales));
    return new Map(created.map((sale) => [sale.session_id, sale]));
  }
}
