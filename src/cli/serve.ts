import { processEnvironment, readConfig } from "../config.ts";
import { startServer } from "./running.ts";

/** `tapline serve`: the server without demo data. */
export async function runServe(): Promise<void> {
  const config = readConfig(processEnvironment());
  const app = await startServer(config);
  app.world.log.info({ address: app.address }, "Tapline is serving");
}
