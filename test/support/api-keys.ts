/** API keys, written straight into the database. */
import { createHash, randomUUID } from "node:crypto";
import { scopes as everyScope } from "../../src/domain/scopes.ts";
import type { Shop } from "./shop.ts";

export interface PlantedApiKey {
  readonly account_id: string;
  /** A client that is there. */
  readonly client_id: string;
  readonly scope?: readonly string[];
  readonly expires_at?: Date;
  readonly deleted_at?: Date;
  /** When what is shown for it ends. */
  readonly retires_at?: Date;
}

/** Answers what is sent as `x-api-key`. */
export async function plantApiKey({ database }: Pick<Shop, "database">, planted: PlantedApiKey): Promise<string> {
  const { account_id, client_id, scope = everyScope, expires_at, deleted_at, retires_at } = planted;
  const id = randomUUID();
  const api_key = `planted-${randomUUID()}-${randomUUID()}`;
  await database.sql(
    `INSERT INTO api_keys (account_id, id, name, client_id, scope, created_at, created_by, expires_at, deleted_at)
     VALUES ($1, $2, 'A key', $3, $4, now(), 'test', $5, $6)`,
    [account_id, id, client_id, scope, expires_at ?? null, deleted_at ?? null],
  );
  await database.sql(
    `INSERT INTO api_key_secrets (key_sha256, account_id, api_key_id, created_at, created_by, retires_at)
     VALUES ($1, $2, $3, now(), 'test', $4)`,
    [createHash("sha256").update(api_key).digest(), account_id, id, retires_at ?? null],
  );
  return api_key;
}
