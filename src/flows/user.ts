/** The users of an account: invited, given another role, removed. */
import { newId, newSecret } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import { keepsAnOwner, type Role } from "../domain/role.ts";
import { emailKey } from "../domain/user.ts";
import { lockAccount } from "../storage/accounts.ts";
import type { Tx } from "../storage/database.ts";
import { dropSignIns } from "../storage/sign-ins.ts";
import { dropInvitation, putInvitation } from "../storage/user-invitations.ts";
import { deleteUser, insertUser, readOwners, readUser, type User, updateUser } from "../storage/users.ts";
import { recordChange } from "./account-change.ts";
import type { SetUp } from "./client.ts";
import { tokenHash } from "./sign-in.ts";
import { isoNow } from "./world.ts";

/** Somebody is asked on a Friday and reads it after the weekend. */
const invitationLife_ms = 7 * 24 * 60 * 60 * 1000;

export interface UserRequest {
  readonly account_id: string;
  readonly email: string;
  readonly name?: string | undefined;
  readonly role: Role;
}

export interface InvitedUser {
  readonly user: User;
  /** Answered here and nowhere again. */
  readonly token: string;
  readonly expires_at: string;
}

export const inviteUser = (world: SetUp, asked: UserRequest, invited_by: string): Promise<InvitedUser> =>
  world.db.transaction((tx) => addUser(world, tx, asked, invited_by));

export async function addUser(world: SetUp, tx: Tx, asked: UserRequest, invited_by: string): Promise<InvitedUser> {
  const { account_id, email, name, role } = asked;
  const id = newId("user", world.clock.now(), world.random);
  const row = { account_id, id, email, email_key: emailKey(email), name, role, created_by: invited_by };
  const user = await insertUser(tx, row, isoNow(world));
  if (user === undefined) throw new Rejection("USER_EXISTS", { email }, "email");
  const invited = await addInvitation(world, tx, user, invited_by);
  const change = { email, role, ...(name === undefined ? {} : { name }), invitation_expires_at: invited.expires_at };
  await recordUser(world, tx, user, { changed_by: invited_by, action: "created", change });
  return invited;
}

/** A new link, which ends the one before. Where the user has a password it stays good until the link is accepted. */
export async function inviteAgain(
  world: SetUp,
  { account_id, user_id }: { account_id: string; user_id: string },
  invited_by: string,
): Promise<InvitedUser> {
  return world.db.transaction(async (tx) => {
    const user = await lockUser(tx, account_id, user_id);
    const invited = await addInvitation(world, tx, user, invited_by);
    const change = { invitation_expires_at: invited.expires_at };
    await recordUser(world, tx, user, { changed_by: invited_by, action: "invited", change });
    return invited;
  });
}

/** Where an invitation is accepted. The token stands behind a #, which no browser sends: it comes into no server's log. */
export const invitationLink = (base_url: string, token: string): string => `${base_url}/invitation#${token}`;

async function addInvitation(world: SetUp, tx: Tx, user: User, invited_by: string): Promise<InvitedUser> {
  const { account_id, id } = user;
  const token = newSecret(world.random);
  const expires_at = new Date(world.clock.now() + invitationLife_ms).toISOString();
  const made = { account_id, user_id: id, token_sha256: tokenHash(token), created_by: invited_by, expires_at };
  await putInvitation(tx, made, isoNow(world));
  return { user, token, expires_at };
}

/** What is not said stays as it is. */
export async function changeUser(
  world: SetUp,
  { account_id, user_id, said }: { account_id: string; user_id: string; said: { role?: Role; name?: string } },
  updated_by: string,
): Promise<User> {
  return world.db.transaction(async (tx) => {
    const before = await lockUser(tx, account_id, user_id);
    const { role = before.role, name = before.name } = said;
    const change = {
      ...(role === before.role ? {} : { role }),
      ...(name === before.name ? {} : { name }),
    };
    if (Object.keys(change).length === 0) return before;
    if (role !== "owner") await checkOwners(tx, account_id, user_id);
    const user = await updateUser(tx, before, { role, name, updated_by }, isoNow(world));
    await recordUser(world, tx, user, { changed_by: updated_by, action: "updated", change });
    return user;
  });
}

/** They are signed out everywhere, and their invitation is void. */
export async function removeUser(
  world: SetUp,
  { account_id, user_id }: { account_id: string; user_id: string },
  deleted_by: string,
): Promise<User> {
  return world.db.transaction(async (tx) => {
    const { status, email, role } = await lockUser(tx, account_id, user_id);
    await checkOwners(tx, account_id, user_id);
    await dropInvitation(tx, account_id, user_id);
    await dropSignIns(tx, account_id, user_id);
    const user = await deleteUser(tx, { account_id, id: user_id }, deleted_by, isoNow(world));
    await recordUser(world, tx, user, { changed_by: deleted_by, action: "deleted", change: { email, role } });
    return { ...user, status };
  });
}

async function lockUser(tx: Tx, account_id: string, user_id: string): Promise<User> {
  await lockAccount(tx, account_id);
  const user = await readUser(tx, account_id, user_id);
  if (user === undefined) throw new Rejection("USER_NOT_FOUND", { user_id });
  return user;
}

/** Under the account's lock: of two owners who remove each other at the same time one stays. */
async function checkOwners(tx: Tx, account_id: string, goes: string): Promise<void> {
  if (!keepsAnOwner(await readOwners(tx, account_id), goes)) throw new Rejection("LAST_OWNER", { account_id });
}

interface UserChange {
  readonly changed_by: string;
  readonly action: "created" | "updated" | "deleted" | "invited" | "accepted";
  /** Neither tokens nor passwords. */
  readonly change: object;
}

export const recordUser = (
  world: SetUp,
  tx: Tx,
  { account_id, id }: Pick<User, "account_id" | "id">,
  made: UserChange,
): Promise<void> => recordChange(world, tx, { account_id, entity: "user", entity_id: id, ...made });
