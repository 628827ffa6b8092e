import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import { withoutCredentials } from "../domain/account-configuration.ts";
import { present } from "../domain/present.ts";
import { Rejection } from "../domain/rejections.ts";
import { changeAccountConfiguration, configurationOf } from "../flows/account-configuration.ts";
import type { World } from "../flows/world.ts";
import { readConfiguration } from "../storage/account-configurations.ts";

export const readAccountConfiguration =
  (world: World): Handler<Operations["readAccountConfiguration"]> =>
  ({ account_id, query: { includes = [] } }) =>
    answer(world, account_id, includes.includes("credentials"));

export const putAccountConfiguration =
  (world: World): Handler<Operations["putAccountConfiguration"]> =>
  async ({ account_id, client_id, body: { configuration } }) => {
    await changeAccountConfiguration(world, { account_id, client_id, sent: configuration });
    return answer(world, account_id, false);
  };

async function answer(world: World, account_id: string, with_credentials: boolean) {
  const row = await readConfiguration(world.db, account_id);
  // A token outlives its account's row only where somebody has taken the row away by hand.
  if (row === undefined) throw new Rejection("ACCOUNT_NOT_GRANTED", { account_id });
  const { created_at, created_by, updated_at, updated_by } = row;
  const whole = configurationOf(row);
  const configuration = with_credentials ? whole : withoutCredentials(whole);
  return { configuration, ...present({ created_at, created_by, updated_at, updated_by }) };
}
