/** Simulated terminals: how each is set, and the durable logs of the device and of its card host. */
import { type Reader, statement, type Tx } from "./database.ts";
import { hasWork } from "./terminal-work.ts";

export interface SimulatedTerminalRow {
  readonly account_id: string;
  readonly terminal_id: string;
  readonly private_jwk: JsonWebKey;
  readonly mode: "auto" | "manual";
  readonly network: "online" | "offline";
  readonly device_serial_number: string;
}

const insert = statement(
  "insert_simulated_terminal",
  `INSERT INTO simulated_terminals (account_id, terminal_id, private_jwk, mode, network)
   VALUES ($1, $2, $3, 'auto', 'online')`,
);

export async function insertSimulatedTerminal(
  tx: Tx,
  asked: { account_id: string; terminal_id: string; private_jwk: JsonWebKey },
): Promise<void> {
  await tx.query(insert, [asked.account_id, asked.terminal_id, JSON.stringify(asked.private_jwk)]);
}

const replace = statement(
  "replace_simulated_device",
  `WITH wiped AS (
     DELETE FROM simulated_terminal_entries WHERE account_id = $1 AND terminal_id = $2 AND log = 'journal'
   )
   UPDATE simulated_terminals SET private_jwk = $3, hosted_by = NULL WHERE account_id = $1 AND terminal_id = $2
   RETURNING terminal_id`,
);

/** Another device, with a journal of its own, for any process to switch on. False where it is no simulated terminal. */
export async function replaceSimulatedDevice(
  tx: Tx,
  asked: { account_id: string; terminal_id: string; private_jwk: JsonWebKey },
): Promise<boolean> {
  const values = [asked.account_id, asked.terminal_id, JSON.stringify(asked.private_jwk)];
  return (await tx.query(replace, values)).length > 0;
}

/** Those whose key is the paired one's, and that are not deleted, or have something left to tell. */
const isOfUse = `EXISTS (
     SELECT FROM devices AS device
     JOIN terminals AS registered ON registered.account_id = device.account_id
       AND registered.terminal_id = device.terminal_id
     WHERE device.account_id = simulated.account_id AND device.terminal_id = simulated.terminal_id
       AND device.revoked_at IS NULL AND device.public_jwk ->> 'x' = simulated.private_jwk ->> 'x'
       AND (registered.status <> 'DELETED' OR ${hasWork("registered")}))`;

const host = statement(
  "host_simulated_terminals",
  `WITH hosted AS (
     UPDATE simulated_terminals AS simulated SET hosted_by = $1 WHERE hosted_by IS NULL AND ${isOfUse} RETURNING *
   )
   SELECT hosted.account_id, hosted.terminal_id, hosted.private_jwk, hosted.mode, hosted.network,
     terminal.device_serial_number
   FROM hosted JOIN terminals AS terminal
     ON terminal.account_id = hosted.account_id AND terminal.terminal_id = hosted.terminal_id`,
);

/** Takes every simulated terminal that no live process runs. */
export const hostSimulatedTerminals = (tx: Tx, process_id: string): Promise<SimulatedTerminalRow[]> =>
  tx.query(host, [process_id]);

const hosted = statement(
  "hosted_simulated_terminals",
  `SELECT account_id, terminal_id FROM simulated_terminals AS simulated WHERE hosted_by = $1 AND ${isOfUse}`,
);

/** The simulated terminals that are this process's to run. */
export const readHosted = (
  reader: Reader,
  process_id: string,
): Promise<{ account_id: string; terminal_id: string }[]> => reader.query(hosted, [process_id]);

const set = statement(
  "set_simulated_terminal",
  "UPDATE simulated_terminals SET mode = $3, network = $4 WHERE account_id = $1 AND terminal_id = $2",
);

export async function updateSimulatedTerminal(
  tx: Tx,
  asked: Pick<SimulatedTerminalRow, "account_id" | "terminal_id" | "mode" | "network">,
): Promise<void> {
  await tx.query(set, [asked.account_id, asked.terminal_id, asked.mode, asked.network]);
}

export type SimulatedLog = "journal" | "host";

const append = statement(
  "append_simulated_entry",
  `INSERT INTO simulated_terminal_entries (account_id, terminal_id, log, position, entry)
   SELECT $1, $2, $3, coalesce(max(position), 0) + 1, $4::jsonb FROM simulated_terminal_entries
   WHERE account_id = $1 AND terminal_id = $2 AND log = $3`,
);

export async function appendSimulatedEntry(
  tx: Tx,
  terminal: { account_id: string; terminal_id: string },
  log: SimulatedLog,
  entry: object,
): Promise<void> {
  await tx.query(append, [terminal.account_id, terminal.terminal_id, log, JSON.stringify(entry)]);
}

const wipe = statement(
  "wipe_simulated_entries",
  "DELETE FROM simulated_terminal_entries WHERE account_id = $1 AND terminal_id = $2 AND log = $3",
);

export async function wipeSimulatedEntries(
  tx: Tx,
  terminal: { account_id: string; terminal_id: string },
  log: SimulatedLog,
): Promise<void> {
  await tx.query(wipe, [terminal.account_id, terminal.terminal_id, log]);
}

const read = statement(
  "read_simulated_entries",
  `SELECT entry FROM simulated_terminal_entries WHERE account_id = $1 AND terminal_id = $2 AND log = $3
   ORDER BY position`,
);

export async function readSimulatedEntries<Entry>(
  reader: Reader,
  terminal: { account_id: string; terminal_id: string },
  log: SimulatedLog,
): Promise<Entry[]> {
  const rows = await reader.query<{ entry: Entry }>(read, [terminal.account_id, terminal.terminal_id, log]);
  return rows.map((row) => row.entry);
}
