/** What an account may be paid with: changed by the merchant, and true from the next sale on. */
import type { AccountConfiguration } from "../contract/profile.ts";
import {
  changedConfiguration,
  inPersonSettings,
  withInPerson,
  withoutCredentials,
} from "../domain/account-configuration.ts";
import { problemOfTimeZone } from "../domain/local-day.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { type ConfigurationRow, lockConfiguration, writeConfiguration } from "../storage/account-configurations.ts";
import { writeTimeZone } from "../storage/settling.ts";
import { recordChange } from "./account-change.ts";
import { tellOfAccount } from "./set-up-event.ts";
import { isoNow, type World } from "./world.ts";

/** Sales that have begun go on: the seats and the profiles' revisions that the next ones need change with this. */
export async function changeAccountConfiguration(
  world: World,
  asked: { readonly account_id: string; readonly client_id: string; readonly sent: AccountConfiguration },
): Promise<void> {
  const { account_id, client_id, sent } = asked;
  checkTimeZone(sent.time_zone);
  await world.db.transaction(async (tx) => {
    const row = await lockConfiguration(tx, account_id);
    if (row === undefined) throw new Rejection("ACCOUNT_NOT_GRANTED", { account_id });
    const configuration = changedConfiguration(configurationOf(row), sent);
    const settings = inPersonSettings(configuration);
    await writeConfiguration(tx, account_id, configuration, settings, { updated_by: client_id, now: isoNow(world) });
    // A day that is settled, or is being settled, stays as it is.
    if (sent.time_zone !== undefined) await writeTimeZone(tx, account_id, sent.time_zone, isoNow(world));
    await recordChange(world, tx, {
      account_id,
      changed_by: client_id,
      entity: "account",
      entity_id: account_id,
      action: "updated",
      change: { configuration: withoutCredentials(sent) },
    });
    await tellOfAccount(world, tx, account_id);
  });
}

/** Credentials and all. */
export const configurationOf = (row: ConfigurationRow): AccountConfiguration => ({
  ...withInPerson(row.configuration ?? {}, row),
  time_zone: row.time_zone,
});

function checkTimeZone(time_zone: string | undefined): void {
  const problem = time_zone === undefined ? undefined : problemOfTimeZone(time_zone);
  if (problem === undefined) return;
  const field = "configuration.time_zone";
  throw Rejection.ofFields(`${field} ${problem}`, [fieldError("INVALID_VALUE", field, problem)]);
}
