/**
 * Who owns the database: the process that holds one advisory lock in it, on a connection kept for that alone.
 *
 * PostgreSQL itself lets go of the lock when that connection ends, however its process came to its end, so a database
 * whose server was killed is free for the next one while it is still running.
 */
import pg from "pg";
import { StartupProblem } from "../../domain/startup-problem.ts";
import { DATABASE, ROLE } from "./cluster.ts";
import { systemCode } from "./folder-problem.ts";
import { PORT } from "./socket-folder.ts";

/** "tapline" in the first seven bytes of the key; nobody else takes locks in the maintenance database. */
const LOCK_KEY = BigInt(`0x${Buffer.from("tapline\0").toString("hex")}`).toString();

export interface OwnerLock {
  readonly client: pg.Client;
  /** Resolves when the connection has ended, and the lock with it. */
  readonly ended: Promise<void>;
}

export type LockAttempt =
  | { readonly kind: "held"; readonly lock: OwnerLock }
  /** Another process holds it. */
  | { readonly kind: "taken" }
  /** A database answers but does not take connections yet, or any more. */
  | { readonly kind: "not_ready"; readonly reason: string }
  /** Nobody listens on the socket. */
  | { readonly kind: "silent"; readonly reason: string };

/** Connects and asks for the lock, once. */
export async function tryLock(socketFolder: string): Promise<LockAttempt> {
  const client = new pg.Client({
    host: socketFolder,
    port: PORT,
    user: ROLE,
    // The lock is held here rather than in Tapline's own database, so that it does not stand in the way of that one
    // being created, dropped or restored, and is no part of the locks that the server takes in it.
    database: "postgres",
    application_name: "tapline owner",
    ssl: false,
    connectionTimeoutMillis: 5_000,
  });
  // A broken connection is told by the client's end as well; without a listener its error would end the process.
  client.on("error", () => undefined);
  // Listened for from the beginning, so that an end is not missed however early it comes.
  const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
  try {
    await client.connect();
    const { rows } = await client.query("SELECT pg_try_advisory_lock($1) AS held", [LOCK_KEY]);
    if (rows[0].held === true) {
      await createDatabase(client);
      // The lock alone is no reason for the process to go on.
      (client as pg.Client & { unref(): void }).unref();
      return { kind: "held", lock: { client, ended } };
    }
    await client.end();
    return { kind: "taken" };
  } catch (error) {
    client.end().catch(() => undefined);
    return failure(error as Error, socketFolder);
  }
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
}

function failure(error: Error, socketFolder: string): LockAttempt {
  const code = systemCode(error);
  if (code === "ENOENT" || code === "ECONNREFUSED") return { kind: "silent", reason: error.message };
  if (code === "EACCES" || code === "EPERM") {
    throw new StartupProblem(
      `The database in ${socketFolder} is run by another user; run Tapline as that user, stop the other one, or set TAPLINE_DATA_DIR to another folder.`,
    );
  }
  // Class 57 is a server that starts, stops or recovers, class 53 one that is out of connections or memory. What did not
  // come from PostgreSQL is a connection that broke.
  const passes = !(error instanceof pg.DatabaseError) || code.startsWith("57") || code.startsWith("53");
  if (passes) return { kind: "not_ready", reason: error.message };
  throw new StartupProblem(
    `The database in ${socketFolder} cannot be opened (${error.message}); restore it, or set TAPLINE_DATA_DIR to another folder.`,
  );
}
