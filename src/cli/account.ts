/** `tapline account`: who may take payments on this server. */
import { createAccounts, readAccounts } from "../app.ts";
import { type Config, processEnvironment, readConfig } from "../config.ts";
import { isTestAccount } from "../domain/ids.ts";
import { systemClock, systemRandom } from "../system-environment.ts";

/** `tapline account create`: the secrets go to standard output, once, and nowhere else. */
export async function createAccount({ name, accountId }: { name: string; accountId?: string }): Promise<void> {
  const config = readConfig(processEnvironment());
  const made = await createAccounts({ config, clock: systemClock, random: systemRandom }, { name, digits: accountId });
  const parts = made.map(({ account_id, client_id, client_secret }) =>
    [
      `${account_id}, for ${isTestAccount(account_id) ? "tests: no money moves there" : "real payments"}`,
      `  client_id      ${client_id}`,
      `  client_secret  ${client_secret}`,
      `  ${tokenLine(config, account_id, client_id, client_secret)}`,
    ].join("\n"),
  );
  const head = `${name} has two accounts now, with in-person payments enabled.`;
  const foot = "The secrets are shown here and nowhere again: keep them. The curl lines answer a token.";
  console.log([head, ...parts, foot].join("\n\n"));
}

function tokenLine(config: Config, account_id: string, client_id: string, client_secret: string): string {
  const base_url = config.public_url ?? `http://${config.host}:${config.port}`;
  const body = JSON.stringify({
    grant_type: "client_credentials",
    audience: `${base_url}/v1/accounts/${account_id}`,
  });
  return [
    `curl -s ${base_url}/v1/accounts/${account_id}/auth/token -u '${client_id}:${client_secret}'`,
    `-H 'content-type: application/json' -d '${body}'`,
  ].join(" ");
}

/** `tapline account list`. */
export async function listAccounts(): Promise<void> {
  const accounts = await readAccounts(readConfig(processEnvironment()), systemClock);
  if (accounts.length === 0) console.log("There is no account yet: tapline account create makes the first two.");
  for (const { account_id, name, created_at, clients, terminals } of accounts) {
    const counts = `${counted(clients, "client")}, ${counted(terminals, "terminal")}`;
    console.log(`${account_id}  ${created_at.slice(0, 10)}  ${counts}  ${name}`);
  }
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
