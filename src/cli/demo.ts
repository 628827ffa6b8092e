/** `tapline demo`, which `npm start` runs: the server, an account to try it with, and a first sale to watch. */
import { type App, openDemo } from "../app.ts";
import { type Config, demoDefaults, processEnvironment, readConfig } from "../config.ts";
import { type DemoFile, readDemoFile, writeDemoFile } from "./demo-file.ts";
import { nextSale, watchFirstSale } from "./demo-sale.ts";
import { runServer } from "./running.ts";

export async function runDemo(): Promise<void> {
  const config = readConfig(processEnvironment(), demoDefaults);
  console.log("Tapline demo: in-person card payments on a simulated terminal.\n");
  await runServer(config, process.stderr, async (app) => {
    const { file, is_first } = await findDemo(app, config);
    console.log(`Serving at ${app.address}, data in ${config.data_dir}`);
    writeDemoFile(config.data_dir, file);
    // The sale is run from here, so the local address does, wherever the public one leads.
    const near = { ...file, base_url: app.address };
    if (is_first && config.simulators) await watchFirstSale(near, config.callback_addresses === "any");
    console.log(nextSale(file, config.data_dir));
  });
}

/** What the first start made, or what later starts find. A lost file costs a new secret, never the data. */
async function findDemo(app: App, config: Config): Promise<{ file: DemoFile; is_first: boolean }> {
  const known = readDemoFile(config.data_dir);
  const opened = await openDemo(app, known === undefined);
  const { client_secret = known?.client_secret ?? "", ...demo } = opened;
  if (known === undefined && !opened.is_first) {
    console.log(
      "There was no demo.json for the account that is here: its client has a new secret, and an old one no longer works.",
    );
  }
  const { is_first, ...ids } = demo;
  return { file: { base_url: app.world.public_url, ...ids, client_secret }, is_first };
}
