/**
 * The wire between a terminal and its server: it can be cut, be out for a while, and lose what is under way before it is
 * cut, so that one side has said what the other never heard.
 */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

export type Way = "up" | "down";

interface Pair {
  readonly terminal: Socket;
  readonly server: Socket;
  readonly lost: Set<Way>;
}

export class Wire {
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #is_out = false;

  private constructor(server_port: number) {
    this.#listener = createServer((terminal) => this.#carry(terminal, server_port));
  }

  static async to(server_port: number): Promise<Wire> {
    const wire = new Wire(server_port);
    await new Promise<void>((listening) => wire.#listener.listen(0, "127.0.0.1", listening));
    return wire;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** From now on nothing that goes this way arrives. Neither side notices before the wire is cut, or silence tells. */
  lose(way: Way): void {
    for (const { lost } of this.#pairs) lost.add(way);
  }

  cut(): void {
    for (const { terminal, server } of this.#pairs) {
      terminal.destroy();
      server.destroy();
    }
  }

  /** Cuts, and lets nothing through until it is mended. */
  takeOut(): void {
    this.#is_out = true;
    this.cut();
  }

  mend(): void {
    this.#is_out = false;
    // What is lost stays lost: those connections are dead.
    for (const { lost, terminal, server } of this.#pairs) {
      if (lost.size === 0) continue;
      terminal.destroy();
      server.destroy();
    }
  }

  close(): void {
    this.#is_out = true;
    this.cut();
    this.#listener.close();
  }

  #carry(terminal: Socket, server_port: number): void {
    if (this.#is_out) return void terminal.destroy();
    const server = connect(server_port, "127.0.0.1");
    const pair: Pair = { terminal, server, lost: new Set() };
    this.#pairs.add(pair);
    terminal.setNoDelay(true);
    server.setNoDelay(true);
    terminal.on("data", (data) => void (pair.lost.has("up") || server.write(data)));
    server.on("data", (data) => void (pair.lost.has("down") || terminal.write(data)));
    for (const [one, other] of [
      [terminal, server],
      [server, terminal],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
