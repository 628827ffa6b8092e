/**
 * A server for simulations: the real flows, storage, sweeps and terminal driver on a real PostgreSQL, at a clock that jumps.
 * It has no HTTP API; a test calls the flows as the API would.
 */

import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { demo, openDemoAccount } from "../../src/flows/demo-account.ts";
import { Hints } from "../../src/flows/hints.ts";
import type { SaleRequest } from "../../src/flows/sale.ts";
import type { Limits, World } from "../../src/flows/world.ts";
import { startSweeps } from "../../src/maintenance/schedule.ts";
import { makeDeviceKey } from "../../src/simulator/device-key.ts";
import { SaleWriter } from "../../src/storage/sale-writer.ts";
import { systemRandom } from "../../src/system-environment.ts";
import { SocketGateway } from "../../src/terminals/socket/gateway.ts";
import { makeDatabase, type TestDatabase } from "./database.ts";
import { JumpClock } from "./honest-clock.ts";
import { quietLog } from "./quiet-log.ts";

export interface SimulationServer {
  readonly world: World;
  readonly clock: JumpClock;
  readonly database: TestDatabase;
  readonly port: number;
  close(): Promise<void>;
}

export async function openSimulationServer(limits: Limits): Promise<SimulationServer> {
  const database = await makeDatabase();
  const clock = new JumpClock();
  const gateway = new SocketGateway();
  const world: World = {
    db: database.db,
    sales: new SaleWriter(database.db),
    clock,
    random: systemRandom,
    log: quietLog,
    process_id: "process_simulation",
    bus: { tell: () => {} },
    public_url: "http://simulation",
    limits,
    terminals: gateway,
    hints: new Hints(),
    profiles: new Map(),
    callbackRefusal: () => undefined,
  };
  await openDemoAccount(world, await makeDeviceKey());
  const server = Fastify();
  await gateway.serve(server, () => world);
  await server.listen({ port: 0, host: "127.0.0.1" });
  const sweeps = startSweeps(world);
  return {
    world,
    clock,
    database,
    port: (server.server.address() as AddressInfo).port,
    close: async () => {
      gateway.close();
      await server.close();
      await sweeps.stop();
      await database.close();
    },
  };
}

let references = 0;

/** A sale as a till would ask for it. */
export function saleRequest(terminal_id: string, amount: number): SaleRequest {
  const { account_id, client_id, profile_id, store_id, payout_destination_id } = demo;
  return {
    account_id,
    client_id,
    request_id: "simulation",
    strict_amounts: false,
    request_headers: {},
    body: {
      url: { return_url: "https://till.example.com/", callback_url: "https://till.example.com/told?report_error=true" },
      profile_id,
      order: {
        amount,
        currency: "NOK",
        merchant_reference: `order-${++references}`,
        store: { id: store_id, terminal_id, payout_destination_id },
      },
    },
  };
}
