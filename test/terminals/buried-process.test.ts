/**
 * A server process that was silent too long, over a pause of its machine or of the database, is taken for dead by the
 * others, and what it held is free. It lives all the same, and comes back.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buryDeadProcesses } from "../../src/storage/server-processes.ts";
import type { TestDatabase } from "../support/database.ts";
import { openShop, until } from "../support/shop.ts";
import { TerminalScene } from "../support/terminal-scene.ts";

/** What another process does when this one has been silent. */
const bury = ({ db }: TestDatabase) =>
  db.atOnce((tx) => buryDeadProcesses(tx, new Date(Date.now() + 60_000).toISOString()));

describe("a process that was taken for dead and lives", () => {
  test("has its terminals connect anew", async () => {
    const scene = await TerminalScene.open();
    try {
      const probe = await scene.device.connect();
      await bury(scene.shop.database);
      assert.equal((await scene.seat()).connected_to, null);
      const refusal = await probe.refused();
      assert.deepEqual([refusal.code, refusal.close_code], ["REPLACED", 4000]);
      await scene.device.connect();
      assert.notEqual((await scene.seat()).connected_to, null);
    } finally {
      await scene.close();
    }
  });

  test("runs its simulated terminal once, and every sale on it is captured", async () => {
    const shop = await openShop();
    const { sql } = shop.database;
    const epoch = async () => Number((await sql("SELECT connection_epoch FROM terminal_seats"))[0]?.connection_epoch);
    try {
      const first = await epoch();
      await bury(shop.database);
      await until(async () => (await sql("SELECT FROM simulated_terminals WHERE hosted_by IS NOT NULL"))[0]);
      await until(async () => (await sql("SELECT FROM terminal_seats WHERE connected_to IS NOT NULL"))[0]);
      for (let sale = 1; sale <= 10; sale++) {
        const { status, body } = await shop.create();
        assert.equal(status, 200, `sale ${sale}: ${JSON.stringify(body)}`);
        assert.equal((await shop.ended(body.id)).status, "CAPTURED");
      }
      assert.ok((await epoch()) <= first + 2, `connection ${await epoch()} after ${first}`);
    } finally {
      await shop.close();
    }
  });
});
