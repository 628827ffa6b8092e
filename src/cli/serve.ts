import { processEnvironment, readConfig } from "../config.ts";
import { runServer } from "./running.ts";

/** `tapline serve`: the server without demo data. */
export async function runServe(): Promise<void> {
  const config = readConfig(processEnvironment());
  await runServer(config, process.stdout, async (app) => {
    app.world.log.info({ address: app.address }, "Tapline is serving");
  });
}
