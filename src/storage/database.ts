/**
 * The door to PostgreSQL. A function that reads takes a `Reader`; a function that writes takes a `Tx`, which only
 * `transaction` and `atOnce` hand out.
 */
import pg from "pg";

/** An SQL statement with a name, so that the server plans it once for each connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export const statement = (name: string, text: string): Statement => ({ name, text });

export interface Reader {
  query<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

export interface Tx extends Reader {
  readonly writes: true;
}

export interface Database extends Reader {
  /**
   * Runs `work` in one transaction, and again if it met a deadlock. What it throws rolls everything back. Nothing outside
   * the database goes inside.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Everything that `work` reads is of one moment, however long it takes, and it can write nothing. */
  snapshot<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /** Runs the one statement that `work` makes as a transaction of its own: one round trip. */
  atOnce<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The database cannot be reached, or went away on the way. Whether the last statement counted is not known. */
export class DatabaseUnavailable extends Error {}

/** A row was refused by a constraint: the one way the database says no. */
export class ConstraintRefusal extends Error {
  readonly constraint: string;
  constructor(constraint: string, cause: Error) {
    super(cause.message, { cause });
    this.constraint = constraint;
  }
}

export type ConnectionSettings =
  | { connectionString: string }
  | { host: string; port: number; user: string; database: string };

const timestamptz = 1184;
const int8 = 20;

/** `2026-11-22 12:45:59.1+00` → `2026-11-22T12:45:59.100Z`, the contract's form, so that rows need no mapping. */
export function isoFromText(value: string): string {
  const [date, rest] = value.split(" ");
  const [seconds, fraction = ""] = (rest ?? "").replace(/[+-]\d\d(:\d\d)?$/, "").split(".");
  return `${date}T${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}Z`;
}

const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === timestamptz && format !== "binary") return isoFromText;
    // Epochs, sequences and revisions: far below 2^53.
    if (oid === int8 && format !== "binary") return Number;
    return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid, "text");
  },
};

/** Connections of one process. PostgreSQL's default is 100 for all; two for each core of a small machine write fastest. */
const connectionsMax = 16;

export function openDatabase(settings: ConnectionSettings, connections_max = connectionsMax): Database {
  const pool = new pg.Pool({
    ...settings,
    max: connections_max,
    connectionTimeoutMillis: 5_000,
    types,
    // The first thing on every connection, whatever the server's settings and the address's own options say: what was
    // answered is on disk (G6), times are UTC, and no plan is compiled, which costs more than any statement here runs.
    onConnect: async (client: pg.ClientBase) => {
      await client.query("SET synchronous_commit = on; SET timezone = 'UTC'; SET jit = off");
    },
  });
  // An idle connection that breaks is replaced by the pool; the next query finds out whether the database is there.
  pool.on("error", () => {});
  const run = async <Row>(client: pg.Pool | pg.PoolClient, { name, text }: Statement, values: readonly unknown[]) => {
    try {
      const result = await client.query({ name, text, values: values as unknown[] });
      return result.rows as Row[];
    } catch (error) {
      throw translated(error);
    }
  };
  const within = async <T>(opening: Statement, work: (tx: Tx) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch((error) => {
      throw translated(error);
    });
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on("error", onError);
    try {
      await run(client, opening, []);
      const result = await work({ writes: true, query: (asked, values) => run(client, asked, values) });
      await run(client, commit, []);
      return result;
    } catch (error) {
      await run(client, rollback, []).catch((failure) => {
        broken = failure;
      });
      throw error;
    } finally {
      client.release(broken);
      client.removeListener("error", onError);
    }
  };
  return {
    query: (asked, values) => run(pool, asked, values),
    atOnce: (work) => work({ writes: true, query: (asked, values) => run(pool, asked, values) }),
    transaction: (work) => afterDeadlocks(() => within(begin, work)),
    snapshot: (work) => within(beginSnapshot, work),
    close: () => pool.end(),
  };
}

/** Two transactions that wait for each other: PostgreSQL ends one, which is carried out again from its beginning. */
const deadlockTriesMax = 3;

async function afterDeadlocks<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === deadlockTriesMax || !(error instanceof pg.DatabaseError) || error.code !== "40P01") throw error;
    }
  }
}

const begin = statement("begin", "BEGIN");
const beginSnapshot = statement("begin_snapshot", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
const commit = statement("commit", "COMMIT");
const rollback = statement("rollback", "ROLLBACK");

function translated(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (error instanceof pg.DatabaseError) {
    if (code.startsWith("23") && error.constraint !== undefined) return new ConstraintRefusal(error.constraint, error);
    // Class 57 is an operator's intervention (shutting down, starting up), class 53 a full house, class 08 the link.
    const away = code.startsWith("57P") || code.startsWith("53") || code.startsWith("08");
    return away ? new DatabaseUnavailable(error.message, { cause: error }) : error;
  }
  const linkBroken = code.startsWith("E") || /terminated|timeout|not queryable|Connection/i.test(error.message);
  return linkBroken ? new DatabaseUnavailable(error.message, { cause: error }) : error;
}

const one = statement("ping", "SELECT 1");

/** Returns if the database answers. Throws `DatabaseUnavailable`. */
export async function ping(reader: Reader): Promise<void> {
  await reader.query(one, []);
}
