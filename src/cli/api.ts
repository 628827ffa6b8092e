/** The API, as the command line reaches it: by the environment, else by what the demo wrote. */
import { Tapline } from "@tapline/sdk";
import { processEnvironment, readClientConfig } from "../config.ts";
import { StartupProblem } from "../domain/startup-problem.ts";
import { readDemoFile } from "./demo-file.ts";

export interface ReachedApi {
  readonly tapline: Tapline;
  /** The demo's terminal, where there is a demo. */
  readonly terminal_id: string | undefined;
}

/** `terminal_id` begins with its account's id, which saves naming the account as well. */
export function reachApi(terminal_id?: string): ReachedApi {
  const config = readClientConfig(processEnvironment());
  const file = readDemoFile(config.data_dir);
  const base_url = config.url ?? file?.base_url;
  const client_id = config.client_id ?? file?.client_id;
  const client_secret = config.client_secret ?? file?.client_secret;
  const account_id = /^[PT]\d{8}(?=-)/.exec(terminal_id ?? "")?.[0] ?? config.account_id ?? file?.account_id;
  if (base_url === undefined || client_id === undefined || client_secret === undefined || account_id === undefined) {
    throw new StartupProblem(
      `There is no demo.json in ${config.data_dir}: run \`npm start\` first, or set TAPLINE_URL, TAPLINE_ACCOUNT_ID, ` +
        "TAPLINE_CLIENT_ID and TAPLINE_CLIENT_SECRET.",
    );
  }
  return { tapline: new Tapline({ base_url, account_id, client_id, client_secret }), terminal_id: file?.terminal_id };
}
