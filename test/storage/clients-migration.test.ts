/** A database from before clients had grants: nobody is locked out, and nobody may do more than before. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { readGoodSecrets } from "../../src/storage/clients.ts";
import { readGrantedScopes } from "../../src/storage/grants.ts";
import { migrate, readMigrations } from "../../src/storage/migrations.ts";
import { makeDatabase } from "../support/database.ts";
import { now } from "./planted.ts";

test("each client keeps its secret, and its scopes become a grant", async () => {
  const database = await makeDatabase({ migrated: false });
  try {
    const { db } = database;
    await migrate(
      db,
      now,
      readMigrations().filter(({ version }) => version < 6),
    );
    await database.sql("INSERT INTO accounts VALUES ('T12345678', 'Kaffe & Kø AS', true, now())");
    const clients: [client_id: string, scopes: string[], deleted_at: string | null][] = [
      ["kassé", ["read:checkout", "write:checkout"], null],
      ["idle", [], null],
      ["gone", ["admin:checkout"], now],
    ];
    for (const [client_id, scopes, deleted_at] of clients) {
      await database.sql(
        `INSERT INTO api_clients (account_id, client_id, name, secret_sha256, scopes, created_at, deleted_at)
         VALUES ('T12345678', $1, $1, sha256($2), $3, now(), $4)`,
        [client_id, Buffer.from(`secret of ${client_id}`), scopes, deleted_at],
      );
    }
    await migrate(db, now);
    const granted: Record<string, string[]> = {};
    for (const [client_id] of clients) {
      const [secret] = await readGoodSecrets(db, "T12345678", client_id, now);
      if (secret === undefined) continue;
      const expected = createHash("sha256").update(`secret of ${client_id}`).digest();
      assert.deepEqual([secret.secret_sha256, secret.retires_at], [expected, null]);
      granted[client_id] = await readGrantedScopes(db, "T12345678", secret.client_id);
    }
    assert.deepEqual(granted, { kassé: ["read:checkout", "write:checkout"], idle: [] });
    assert.deepEqual(await database.sql("SELECT FROM client_grants WHERE deleted_at IS NULL AND type = 'any'"), []);
    assert.equal((await database.sql("SELECT FROM client_grants WHERE deleted_at IS NULL")).length, 1);
  } finally {
    await database.close();
  }
});
