/** The server processes that run now. What a dead one held is free again. */
import { statement, type Tx } from "./database.ts";

const beat = statement(
  "process_seen",
  `INSERT INTO server_processes (process_id, started_at, seen_at) VALUES ($1, $2, $2)
   ON CONFLICT (process_id) DO UPDATE SET seen_at = EXCLUDED.seen_at
   RETURNING started_at = seen_at AS is_new`,
);

/** True where nobody knew of the process: at its start, and where it was taken for dead. */
export async function recordProcessSeen(tx: Tx, process_id: string, now: string): Promise<boolean> {
  const [row] = await tx.query<{ is_new: boolean }>(beat, [process_id, now]);
  return row?.is_new === true;
}

const bury = statement(
  "bury_dead_processes",
  `WITH dead AS (
     DELETE FROM server_processes WHERE seen_at < $1 OR process_id = $2 RETURNING process_id
   ), unhosted AS (
     UPDATE simulated_terminals SET hosted_by = NULL WHERE hosted_by IN (SELECT process_id FROM dead)
   ), unheld AS (
     -- Whoever has no row was buried before it took the lane, or died before it said that it lives.
     UPDATE delivery_lanes AS lane SET held_by = NULL
     WHERE lane.held_by IS NOT NULL AND (lane.held_by IN (SELECT process_id FROM dead)
       OR NOT EXISTS (SELECT FROM server_processes AS process WHERE process.process_id = lane.held_by))
   )
   UPDATE terminal_seats SET connected_to = NULL WHERE connected_to IN (SELECT process_id FROM dead)`,
);

/** Frees what processes held that were last seen before `silent_since`, and what `leaving` held. */
export async function buryDeadProcesses(tx: Tx, silent_since: string, leaving: string | null = null): Promise<void> {
  await tx.query(bury, [silent_since, leaving]);
}
