/** `tapline account`: who may take payments on this server. */
import { createAccounts, readAccounts } from "../beside-server.ts";
import { type Config, processEnvironment, readConfig } from "../config.ts";
import { isTestAccount } from "../domain/ids.ts";
import { StartupProblem } from "../domain/startup-problem.ts";
import { systemClock, systemRandom } from "../system-environment.ts";

interface NewAccount {
  readonly name: string;
  readonly accountId?: string;
  readonly ownerEmail?: string;
  readonly ownerName?: string;
}

/** `tapline account create`: the secrets go to standard output, once, and nowhere else. */
export async function createAccount({ name, accountId, ownerEmail, ownerName }: NewAccount): Promise<void> {
  const config = readConfig(processEnvironment());
  if (ownerEmail === undefined && ownerName !== undefined) {
    throw new StartupProblem("--owner-name goes with --owner-email: an owner signs in by the email address.");
  }
  const owner =
    ownerEmail === undefined ? undefined : { email: ownerEmail, name: ownerName, base_url: baseUrl(config) };
  const asked = { name, digits: accountId, owner };
  const made = await createAccounts({ config, clock: systemClock, random: systemRandom }, asked);
  const parts = made.map(({ account_id, client_id, client_secret, invitation_link }) =>
    [
      `${account_id}, for ${isTestAccount(account_id) ? "tests: no money moves there" : "real payments"}`,
      `  client_id      ${client_id}`,
      `  client_secret  ${client_secret}`,
      `  ${tokenLine(config, account_id, client_id, client_secret)}`,
      ...(invitation_link === undefined ? [] : [`  invitation     ${invitation_link}`]),
    ].join("\n"),
  );
  const head = `${name} has two accounts now, with in-person payments enabled.`;
  const foot = "The secrets are shown here and nowhere again: keep them. The curl lines answer a token.";
  const invited = `Each invitation makes ${ownerEmail} the owner of one account: accept it within seven days, as docs/people.md tells.`;
  console.log([head, ...parts, foot, ...(ownerEmail === undefined ? [] : [invited])].join("\n\n"));
}

const baseUrl = (config: Config): string => config.public_url ?? `http://${config.host}:${config.port}`;

function tokenLine(config: Config, account_id: string, client_id: string, client_secret: string): string {
  const base_url = baseUrl(config);
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
