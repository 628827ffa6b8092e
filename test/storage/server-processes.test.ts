/** A server process that has died holds nothing: not a simulated terminal, and not a terminal's connection. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { makeDeviceKey } from "../../src/simulator/device-key.ts";
import { buryDeadProcesses, recordProcessSeen } from "../../src/storage/server-processes.ts";
import {
  appendSimulatedEntry,
  hostSimulatedTerminals,
  insertSimulatedTerminal,
  readSimulatedEntries,
  updateSimulatedTerminal,
} from "../../src/storage/simulated-terminals.ts";
import { connectTerminal, disconnectTerminal, insertDevice, readConnection } from "../../src/storage/terminals.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { account_id, now, plantAccount, terminalId } from "./planted.ts";

const numbers = [1, 2, 3];
let database: TestDatabase;
before(async () => {
  database = await makeDatabase();
  await plantAccount(database, numbers.length);
  const { private_jwk, public_jwk } = await makeDeviceKey();
  for (const number of numbers) {
    const terminal = { account_id, terminal_id: terminalId(number) };
    await database.db.atOnce((tx) => insertDevice(tx, { ...terminal, device_id: "d", public_jwk }, now));
    await database.db.atOnce((tx) => insertSimulatedTerminal(tx, { ...terminal, private_jwk }));
  }
});
after(() => database.close());
beforeEach(async () => {
  await database.sql("DELETE FROM server_processes");
  await database.sql("UPDATE simulated_terminals SET hosted_by = NULL");
  await database.sql("UPDATE terminal_seats SET connected_to = NULL");
});

const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString();
const seen = (process_id: string, second: number) =>
  database.db.atOnce((tx) => recordProcessSeen(tx, process_id, at(second)));
const bury = (silent_since: number, leaving?: string) =>
  database.db.atOnce((tx) => buryDeadProcesses(tx, at(silent_since), leaving));
const host = async (process_id: string): Promise<string[]> =>
  (await database.db.atOnce((tx) => hostSimulatedTerminals(tx, process_id)))
    .map(({ terminal_id }) => terminal_id)
    .sort();
const capabilities = { kinds: [], currencies: [], reverse: false, advice: false, operations: [] };
const connect = (number: number, process_id: string) => {
  const device = { account_id, terminal_id: terminalId(number), device_id: "d" };
  const asked = { ...device, process_id, journal_id: "jr_1", capabilities };
  return database.db.atOnce((tx) => connectTerminal(tx, asked, now));
};
const connectedTo = async (number: number) =>
  (await readConnection(database.db, account_id, terminalId(number)))?.connected_to;
const all = numbers.map(terminalId);

describe("a server process", () => {
  test("takes on every simulated terminal that nobody runs, and the next finds none", async () => {
    assert.deepEqual(await host("process_1"), all);
    assert.deepEqual(await host("process_2"), []);
  });

  test("takes on each simulated terminal alone, however many processes start at once", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `process_${index}`);
    const taken = (await Promise.all(names.map(host))).flat();
    assert.deepEqual(taken.sort(), all);
  });

  test("that says that it lives keeps what it holds", async () => {
    await seen("process_1", 0);
    await host("process_1");
    await connect(1, "process_1");
    await seen("process_1", 10);
    await bury(10);
    assert.deepEqual(await host("process_2"), []);
    assert.equal(await connectedTo(1), "process_1");
  });

  test("that has been silent is buried: its simulated terminals and its connections are free", async () => {
    await seen("process_1", 0);
    await seen("process_2", 10);
    await host("process_1");
    await connect(1, "process_1");
    await connect(2, "process_2");
    await bury(5);
    assert.deepEqual([await connectedTo(1), await connectedTo(2)], [null, "process_2"]);
    assert.deepEqual(await host("process_2"), all);
    assert.deepEqual(await database.sql("SELECT process_id FROM server_processes"), [{ process_id: "process_2" }]);
  });

  test("that leaves gives up what it holds at once, and nothing of the others'", async () => {
    await seen("process_1", 0);
    await seen("process_2", 0);
    await host("process_2");
    await connect(1, "process_1");
    await connect(2, "process_2");
    await bury(-1_000, "process_1");
    assert.deepEqual([await connectedTo(1), await connectedTo(2)], [null, "process_2"]);
    assert.deepEqual(await host("process_3"), []);
  });

  test("that is buried does not take away the terminal's connection number: the next is higher", async () => {
    await seen("process_1", 0);
    const first = await connect(1, "process_1");
    await bury(5);
    const second = await connect(1, "process_2");
    assert.ok(first !== undefined && second?.epoch === first.epoch + 1);
  });
});

describe("a terminal's connection", () => {
  test("ends with the connection of that number, and not with an older one", async () => {
    const terminal = { account_id, terminal_id: terminalId(1) };
    const older = await connect(1, "process_1");
    const newer = await connect(1, "process_2");
    assert.ok(older !== undefined && newer !== undefined);
    await database.db.atOnce((tx) => disconnectTerminal(tx, { ...terminal, epoch: older.epoch }, now));
    assert.equal(await connectedTo(1), "process_2");
    await database.db.atOnce((tx) => disconnectTerminal(tx, { ...terminal, epoch: newer.epoch }, now));
    assert.equal(await connectedTo(1), null);
  });

  test("is not made for a device that was revoked meanwhile", async () => {
    await database.sql("UPDATE devices SET revoked_at = now() WHERE terminal_id = $1", [terminalId(1)]);
    assert.equal(await connect(1, "process_1"), undefined);
    await database.sql("UPDATE devices SET revoked_at = NULL");
    assert.equal(await connectedTo(1), null);
  });
});

describe("a simulated terminal", () => {
  const terminal = { account_id, terminal_id: terminalId(1) };

  test("finds its logs as it wrote them, each by itself, in their order", async () => {
    const journal = Array.from({ length: 12 }, (_, index) => ({ kind: "shown", prompt_id: `pr_${index}` }));
    for (const entry of journal) {
      await database.db.atOnce((tx) => appendSimulatedEntry(tx, terminal, "journal", entry));
      await database.db.atOnce((tx) => appendSimulatedEntry(tx, terminal, "host", { host: entry.prompt_id }));
    }
    assert.deepEqual(await readSimulatedEntries(database.db, terminal, "journal"), journal);
    const host_entries = await readSimulatedEntries<{ host: string }>(database.db, terminal, "host");
    assert.deepEqual(host_entries[11], { host: "pr_11" });
    const other = { account_id, terminal_id: terminalId(2) };
    assert.deepEqual(await readSimulatedEntries(database.db, other, "journal"), []);
  });

  test("is found as it was set", async () => {
    await database.db.atOnce((tx) => updateSimulatedTerminal(tx, { ...terminal, mode: "manual", network: "offline" }));
    const rows = await database.db.atOnce((tx) => hostSimulatedTerminals(tx, "process_1"));
    const found = rows.find(({ terminal_id }) => terminal_id === terminal.terminal_id);
    assert.deepEqual([found?.mode, found?.network, found?.device_serial_number], ["manual", "offline", "S-1"]);
  });
});
