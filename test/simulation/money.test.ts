/**
 * Random histories of the payments on two terminals: sales, authorizations, captures, voids, refunds and cancels, by tills
 * that ask twice and at the same moment, while lines and power go, results come late and again, and the host refuses.
 *
 * TAPLINE_RUNS=1000 takes more histories, TAPLINE_SEED=… takes the same ones again, TAPLINE_SHRINK=1 finds the shortest
 * that breaks a rule.
 */
import { after, before, test } from "node:test";
import fc from "fast-check";
import { MoneyHistory } from "../support/money-history.ts";
import { anyScene, shortLimits } from "../support/money-scenes.ts";
import { MoneyServer } from "../support/money-server.ts";

let server: MoneyServer;
before(async () => {
  server = await MoneyServer.open(shortLimits);
});
after(() => server.close());

const runs = Number(process.env.TAPLINE_RUNS ?? 50);
const seed = process.env.TAPLINE_SEED;

test("however captures, voids, refunds and troubles fall together, our books and the host's come to say the same", () =>
  fc.assert(
    fc.asyncProperty(fc.array(anyScene, { minLength: 2, maxLength: 8, size: "max" }), async (scenes) => {
      const history = await MoneyHistory.begin(server);
      try {
        for (const step of scenes.flat()) {
          await history.take(step);
          await history.check();
        }
        await history.heal();
        await history.checkEnd();
      } finally {
        await history.end();
      }
    }),
    {
      numRuns: runs,
      endOnFailure: process.env.TAPLINE_SHRINK !== "1",
      ...(seed === undefined ? {} : { seed: Number(seed) }),
    },
  ));
