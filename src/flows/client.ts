/** API clients: made, given a new secret, deleted. A secret is answered once and kept as a hash. */
import { createHash } from "node:crypto";
import { administratorScope, clientIdProblem, findSecretMember, serverItself } from "../domain/api-client.ts";
import { newId, newSecret, newUuid } from "../domain/ids.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { StartupProblem } from "../domain/startup-problem.ts";
import { lockAccount } from "../storage/accounts.ts";
import {
  type ApiClient,
  deleteApiClient,
  findApiClient,
  insertApiClient,
  insertSecret,
  lockApiClient,
  type NewSecret,
  replaceSecrets,
} from "../storage/clients.ts";
import type { Tx } from "../storage/database.ts";
import { deleteGrantsOf, readHolders } from "../storage/grants.ts";
import { recordChange } from "./account-change.ts";
import { isoNow, type World } from "./world.ts";

/** All that a change of the set-up needs of a server, running or not. */
export type SetUp = Pick<World, "db" | "clock" | "random">;

export interface ClientRequest {
  readonly account_id: string;
  readonly client_id?: string | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  /** What was sent besides; kept and given back. */
  readonly members?: object;
}

export interface MadeClient {
  readonly client: ApiClient;
  /** Answered here and nowhere again. */
  readonly client_secret: string;
}

export const createClient = (world: SetUp, asked: ClientRequest, created_by: string): Promise<MadeClient> =>
  world.db.transaction((tx) => addClient(world, tx, asked, created_by));

export async function addClient(world: SetUp, tx: Tx, asked: ClientRequest, created_by: string): Promise<MadeClient> {
  const { account_id, name, description, members = {} } = asked;
  const client_id = asked.client_id ?? newId("client", world.clock.now(), world.random);
  const problem = clientIdProblem(client_id);
  if (problem !== undefined) refuseField(["client_id"], problem);
  refuseSecrets(members);
  const id = newUuid(world.random);
  const now = isoNow(world);
  const client = await insertApiClient(tx, { account_id, id, client_id, name, description, members, created_by }, now);
  if (client === undefined) throw new Rejection("CLIENT_ID_TAKEN", { client_id }, "client_id");
  const { secret, row } = makeSecret(world, account_id, id, created_by);
  await insertSecret(tx, row, now);
  const change = { client_id, name, ...(description === undefined ? {} : { description }), ...members };
  const about = { account_id, changed_by: created_by, entity: "client", entity_id: id } as const;
  await recordChange(world, tx, { ...about, action: "created", change });
  return { client, client_secret: secret };
}

export interface RotatedClient extends MadeClient {
  /** Until then an older secret is good as well. */
  readonly old_secrets_end_at: string;
}

/** A new secret; the older ones stay good for `overlap_s`, so that every till can be given the new one first. */
export async function rotateSecret(
  world: SetUp,
  { account_id, id, overlap_s }: { account_id: string; id: string; overlap_s: number },
  changed_by: string,
): Promise<RotatedClient> {
  return world.db.transaction(async (tx) => {
    if ((await lockApiClient(tx, account_id, id)) === undefined) throw new Rejection("CLIENT_NOT_FOUND", { id });
    const old_secrets_end_at = new Date(world.clock.now() + overlap_s * 1000).toISOString();
    const { secret, row } = makeSecret(world, account_id, id, changed_by);
    const client = await replaceSecrets(tx, row, old_secrets_end_at, isoNow(world));
    if (client === undefined) throw new Error(`Client ${id} changed under its lock.`);
    const about = { account_id, changed_by, entity: "client", entity_id: id } as const;
    await recordChange(world, tx, { ...about, action: "rotated", change: { old_secrets_end_at } });
    return { client, client_secret: secret, old_secrets_end_at };
  });
}

export interface ClientName {
  readonly account_id: string;
  /** What it calls itself by. */
  readonly client_id: string;
}

/** For a client whose secret is lost, by the operator of the server. The old secrets end at once. */
export async function renewSecret(world: SetUp, { account_id, client_id }: ClientName): Promise<string> {
  const id = await findApiClient(world.db, account_id, client_id);
  if (id === undefined) {
    throw new StartupProblem(
      `There is no client ${client_id} in account ${account_id}: the first one is called admin, and \`tapline account list\` shows the accounts.`,
    );
  }
  return (await rotateSecret(world, { account_id, id, overlap_s: 0 }, serverItself)).client_secret;
}

/** Its grants go with it. Its tokens end as soon as every process has looked again. */
export async function deleteClient(
  world: SetUp,
  { account_id, id }: { account_id: string; id: string },
  deleted_by: string,
): Promise<ApiClient> {
  return world.db.transaction(async (tx) => {
    await lockAccount(tx, account_id);
    if ((await lockApiClient(tx, account_id, id)) === undefined) throw new Rejection("CLIENT_NOT_FOUND", { id });
    await keepAnAdministrator(tx, account_id, ({ client_id }) => client_id === id);
    const now = isoNow(world);
    const grants = await deleteGrantsOf(tx, account_id, id, deleted_by, now);
    const client = await deleteApiClient(tx, account_id, id, deleted_by, now);
    if (client === undefined) throw new Error(`Client ${id} changed under its lock.`);
    const about = { account_id, changed_by: deleted_by, entity: "client", entity_id: id } as const;
    await recordChange(world, tx, { ...about, action: "deleted", change: { client_id: client.client_id, grants } });
    return client;
  });
}

/** Under the account's lock. An account whose last administrator is gone could never be given another one. */
export async function keepAnAdministrator(
  tx: Tx,
  account_id: string,
  goes: (grant: { readonly id: string; readonly client_id: string }) => boolean,
): Promise<void> {
  const held = await readHolders(tx, account_id, administratorScope);
  if (held.some(goes) && held.every(goes)) throw new Rejection("LAST_ADMINISTRATOR", { account_id });
}

/** A secret that somebody else has chosen, or that belongs elsewhere, is not ours to keep and give back. */
export function refuseSecrets(members: object): void {
  const path = findSecretMember(members);
  if (path !== undefined) refuseField(path, "is not taken: the server makes the secrets itself.");
}

function refuseField(path: readonly string[], problem: string): never {
  throw Rejection.ofFields(`${path.join(".")} ${problem}`, [fieldError("INVALID_VALUE", path, problem)]);
}

function makeSecret(world: SetUp, account_id: string, client_id: string, created_by: string) {
  const secret = newSecret(world.random);
  const secret_sha256 = createHash("sha256").update(secret).digest();
  const row: NewSecret = { account_id, client_id, id: newUuid(world.random), secret_sha256, created_by };
  return { secret, row };
}
