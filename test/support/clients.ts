/** API clients beside the demo's own, written straight into the database. */
import { createHash, randomUUID } from "node:crypto";
import { audienceOf } from "../../src/domain/api-client.ts";
import { scopes as everyScope } from "../../src/domain/scopes.ts";
import type { Shop } from "./shop.ts";

export interface PlantedClient {
  readonly account_id?: string;
  readonly client_id: string;
  readonly secret?: string;
  readonly scopes?: readonly string[];
}

/** A client with a secret and a grant; of an account that is made too if it is not there. Answers its id. */
export async function plantClient({ database }: Pick<Shop, "database">, planted: PlantedClient): Promise<string> {
  const { account_id = "T12345678", client_id, secret = "right", scopes = everyScope } = planted;
  const id = randomUUID();
  await database.sql(
    `INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ($1, 'Planted', true, now())
     ON CONFLICT DO NOTHING`,
    [account_id],
  );
  await database.sql(
    `INSERT INTO api_clients (account_id, id, client_id, name, created_at, created_by)
     VALUES ($1, $2, $3, $3, now(), 'test')`,
    [account_id, id, client_id],
  );
  await database.sql(
    `INSERT INTO client_secrets (account_id, client_id, id, secret_sha256, created_at, created_by)
     VALUES ($1, $2, $3, $4, now(), 'test')`,
    [account_id, id, randomUUID(), createHash("sha256").update(secret).digest()],
  );
  await database.sql(
    `INSERT INTO client_grants (account_id, id, client_id, audience, scope, type, created_at, created_by)
     VALUES ($1, $2, $3, $4, $5, 'any', now(), 'test')`,
    [account_id, randomUUID(), id, audienceOf(account_id), scopes],
  );
  return id;
}

/** A token of a client that is planted with it, unless it is there. */
export async function tokenOf(
  { app, database }: Pick<Shop, "app" | "database">,
  claims: { account_id: string; client_id: string; scopes: readonly string[] },
): Promise<string> {
  const { account_id, client_id } = claims;
  const text = "SELECT FROM api_clients WHERE account_id = $1 AND client_id = $2";
  const known = await database.sql(text, [account_id, client_id]);
  if (known.length === 0) await plantClient({ database }, { account_id, client_id });
  return app.keys.sign(claims, "test");
}
