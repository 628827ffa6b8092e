/** The server whose streams are measured, in a process of its own; it tells of something when it is asked to. */
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createAccountPair } from "../src/flows/account.ts";
import { tellOf } from "../src/flows/event.ts";
import { makeLogger } from "../src/logger.ts";
import { systemClock, systemRandom } from "../src/system-environment.ts";

const config = readConfig({ ...process.env, TAPLINE_PORT: "0", TAPLINE_HOST: "0.0.0.0", TAPLINE_LOG_LEVEL: "warn" });
const app = await startApp({
  config: { ...config, simulators: false },
  clock: systemClock,
  random: systemRandom,
  logger: makeLogger(config.log_level, process.stderr),
  onLost: (problem) => {
    throw problem;
  },
});
const { world } = app;
const accounts: { account_id: string; client_id: string }[] = [];
while (accounts.length < Number(process.env.BENCH_ACCOUNTS)) {
  accounts.push(...(await createAccountPair(world, { name: "Bench" })));
}
accounts.length = Number(process.env.BENCH_ACCOUNTS);
const tokens = await Promise.all(
  accounts.map((account) => app.keys.sign({ ...account, scopes: ["read:checkout"] }, "bench")),
);

/** As much as a prompt's step says. */
async function tell(account: number, index: number): Promise<number> {
  const prompt = { id: `pr_${index}`, kind: "purchase", status: "SHOWN", amount: 39900, currency: "NOK" };
  const { account_id } = accounts[account] ?? { account_id: "" };
  await world.db.transaction((tx) => tellOf(world, tx, { account_id, type: "prompt_shown", members: { prompt } }));
  const committed_at = performance.timeOrigin + performance.now();
  world.hints.eventWritten();
  return committed_at;
}

process.on("message", ({ ask, account = 0, index = 0 }: { ask: string; account?: number; index?: number }) => {
  if (ask === "memory") {
    const { rss, heapUsed } = process.memoryUsage();
    process.send?.({ rss, heap: heapUsed });
  } else {
    tell(account, index).then((committed_at) => process.send?.({ committed_at }));
  }
});
process.on("disconnect", () => {
  app.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.send?.({ port: Number(new URL(app.address).port), tokens });
