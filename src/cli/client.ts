/** `tapline client`: the way back in where nobody can call the API any more. */
import { renewClient as renew } from "../beside-server.ts";
import { processEnvironment, readConfig } from "../config.ts";
import { systemClock, systemRandom } from "../system-environment.ts";

/** `tapline client renew`: the secret goes to standard output, once, and nowhere else. */
export async function renewClient({ account, client }: { account: string; client: string }): Promise<void> {
  const config = readConfig(processEnvironment());
  const asked = { account_id: account, client_id: client };
  const client_secret = await renew({ config, clock: systemClock, random: systemRandom }, asked);
  const lines = [
    `The client ${client} of account ${account} has a new secret; the old one is good for nothing any more.`,
    `  client_secret  ${client_secret}`,
    "It is shown here and nowhere again: keep it.",
  ];
  console.log(lines.join("\n"));
}
