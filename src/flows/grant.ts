/** Grants: what an API client may do from its next token on. */
import { audienceNames, type GrantType, meantScopes, type turnedScope } from "../domain/api-client.ts";
import { newUuid } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import type { Scope } from "../domain/scopes.ts";
import { lockAccount } from "../storage/accounts.ts";
import { lockApiClient } from "../storage/clients.ts";
import type { Tx } from "../storage/database.ts";
import { deleteGrant as deleteRow, type Grant, insertGrant } from "../storage/grants.ts";
import { recordChange } from "./account-change.ts";
import { keepAnAdministrator, refuseSecrets, type SetUp } from "./client.ts";
import { isoNow } from "./world.ts";

export interface GrantRequest {
  readonly account_id: string;
  /** The client's `id`. */
  readonly client_id: string;
  readonly audience: string;
  readonly scope: readonly (Scope | typeof turnedScope)[];
  readonly type?: GrantType | undefined;
  /** What was sent besides; kept and given back. */
  readonly members?: object;
}

export const createGrant = (world: SetUp, asked: GrantRequest, created_by: string): Promise<Grant> =>
  world.db.transaction((tx) => addGrant(world, tx, asked, created_by));

export async function addGrant(world: SetUp, tx: Tx, asked: GrantRequest, created_by: string): Promise<Grant> {
  const { account_id, client_id, audience, type = "any", members = {} } = asked;
  if (!audienceNames(audience, account_id)) {
    throw new Rejection("AUDIENCE_OF_ANOTHER_ACCOUNT", { audience, account_id }, "audience");
  }
  refuseSecrets(members);
  // Locked, so that no grant comes to a client while it is being deleted.
  if ((await lockApiClient(tx, account_id, client_id)) === undefined) {
    throw new Rejection("CLIENT_UNKNOWN", { client_id }, "client_id");
  }
  const scope = meantScopes(asked.scope);
  const id = newUuid(world.random);
  const row = { account_id, id, client_id, audience, scope, type, members, created_by };
  const grant = await insertGrant(tx, row, isoNow(world));
  const about = { account_id, changed_by: created_by, entity: "grant", entity_id: id } as const;
  const change = { client_id, audience, scope, type, ...members };
  await recordChange(world, tx, { ...about, action: "created", change });
  return grant;
}

export async function deleteGrant(
  world: SetUp,
  { account_id, id }: { account_id: string; id: string },
  deleted_by: string,
): Promise<Grant> {
  return world.db.transaction(async (tx) => {
    await lockAccount(tx, account_id);
    await keepAnAdministrator(tx, account_id, (grant) => grant.id === id);
    const grant = await deleteRow(tx, account_id, id, deleted_by, isoNow(world));
    if (grant === undefined) throw new Rejection("GRANT_NOT_FOUND", { id });
    const { client_id, audience, scope } = grant;
    const about = { account_id, changed_by: deleted_by, entity: "grant", entity_id: id } as const;
    await recordChange(world, tx, { ...about, action: "deleted", change: { client_id, audience, scope } });
    return grant;
  });
}
