/** The users of an account. */
import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { present } from "../domain/present.ts";
import { Rejection } from "../domain/rejections.ts";
import { emailKey } from "../domain/user.ts";
import * as flow from "../flows/user.ts";
import type { World } from "../flows/world.ts";
import { listUsers as list, readUser as read, type User, userWasThere } from "../storage/users.ts";
import type { ClientStandings } from "./client-standings.ts";
import { pageOf, unknownCursor } from "./pages.ts";

const limitDefault = 10;

export const inviteUser =
  (world: World): Handler<Operations["inviteUser"]> =>
  async ({ account_id, client_id, body: { email, name, role } }) =>
    invitedOf(world, await flow.inviteUser(world, { account_id, email, name, role }, client_id));

export const inviteUserAgain =
  (world: World): Handler<Operations["inviteUserAgain"]> =>
  async ({ account_id, client_id, params: { user_id } }) =>
    invitedOf(world, await flow.inviteAgain(world, { account_id, user_id }, client_id));

export const listUsers =
  (world: World): Handler<Operations["listUsers"]> =>
  async ({ account_id, query: { limit = limitDefault, starting_after, email, ...filter } }) => {
    const asked = { ...filter, starting_after, email_key: email?.map(emailKey), limit: limit + 1 };
    const rows = await list(world.db, account_id, asked);
    if (rows.length === 0 && starting_after !== undefined) {
      if (!(await userWasThere(world.db, account_id, starting_after))) throw unknownCursor();
    }
    const { page, cursor } = pageOf(rows, limit, ({ id }) => id);
    return { users: page.map(userOf), ...cursor };
  };

export const readUser =
  (world: World): Handler<Operations["readUser"]> =>
  async ({ account_id, params: { user_id } }) => {
    const user = await read(world.db, account_id, user_id);
    if (user === undefined) throw new Rejection("USER_NOT_FOUND", { user_id });
    return userOf(user);
  };

export const changeUser =
  (world: World, standings: ClientStandings): Handler<Operations["changeUser"]> =>
  async ({ account_id, client_id, params: { user_id }, body: said }) => {
    const user = await flow.changeUser(world, { account_id, user_id, said }, client_id);
    standings.forget(account_id);
    return userOf(user);
  };

export const removeUser =
  (world: World, standings: ClientStandings): Handler<Operations["removeUser"]> =>
  async ({ account_id, client_id, params: { user_id } }) => {
    const user = await flow.removeUser(world, { account_id, user_id }, client_id);
    standings.forget(account_id);
    return userOf(user);
  };

const invitedOf = ({ public_url }: World, { user, token, expires_at }: flow.InvitedUser) => ({
  ...userOf(user),
  invitation: { link: flow.invitationLink(public_url, token), token, expires_at },
});

const userOf = ({ account_id: _, ...user }: User) => present(user);
