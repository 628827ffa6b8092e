/** Every terminal that is connected to this process, and the driver by which the flows reach them. */
import fastifyWebsocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { connectPath, frameLimit_bytes } from "../../contract/terminal-protocol.ts";
import { Rejection } from "../../domain/rejections.ts";
import type { TerminalAddress, TerminalDriver } from "../../flows/terminal-driver.ts";
import type { World } from "../../flows/world.ts";
import type { TerminalLink } from "../../storage/prompts.ts";
import { Connection } from "./connection.ts";

const keyOf = ({ account_id, terminal_id }: TerminalAddress): string => `${account_id} ${terminal_id}`;

export class SocketGateway implements TerminalDriver {
  readonly #admitted = new Map<string, Connection>();
  readonly #all = new Set<Connection>();

  /** Serves the terminal protocol. `worldOf` is asked when a terminal connects: the world holds this driver. */
  async serve(app: FastifyInstance, worldOf: () => World): Promise<void> {
    await app.register(fastifyWebsocket, { options: { maxPayload: frameLimit_bytes } });
    app.route({
      method: "GET",
      url: connectPath,
      handler: async () => {
        throw new Rejection("WEBSOCKET_REQUIRED");
      },
      wsHandler: (socket) => {
        const connection = new Connection(worldOf(), socket, {
          onAdmitted: (admitted) => this.#admit(admitted),
          onGone: (gone) => this.#forget(gone),
        });
        this.#all.add(connection);
      },
    });
  }

  sendDue(terminal: TerminalAddress): boolean {
    const connection = this.#admitted.get(keyOf(terminal));
    connection?.sendDue();
    return connection !== undefined;
  }

  sendReversals(terminal: TerminalAddress): void {
    this.#admitted.get(keyOf(terminal))?.sendReversals();
  }

  sendAdvices(terminal: TerminalAddress): boolean {
    const connection = this.#admitted.get(keyOf(terminal));
    connection?.sendAdvices();
    return connection !== undefined;
  }

  sendOperations(terminal: TerminalAddress): boolean {
    const connection = this.#admitted.get(keyOf(terminal));
    connection?.sendOperations();
    return connection !== undefined;
  }

  stop(terminal: TerminalAddress, prompt_id: string): boolean {
    return this.#tell(terminal, "stop", prompt_id);
  }

  inquire(terminal: TerminalAddress, prompt_id: string): boolean {
    return this.#tell(terminal, "inquire", prompt_id);
  }

  links(): readonly TerminalLink[] {
    return [...this.#admitted.values()].flatMap(({ link }) => link ?? []);
  }

  replaced(terminal: TerminalAddress, epoch: number): void {
    const connection = this.#admitted.get(keyOf(terminal));
    if (connection?.link === undefined || connection.link.epoch >= epoch) return;
    // A link that is dead takes its time to close: from now on nothing is sent over it.
    this.#admitted.delete(keyOf(terminal));
    connection.refuse("REPLACED", "The terminal has connected elsewhere, or has another device.");
  }

  /** Tells every terminal that the server is stopping: they come back to another process, or later. */
  close(): void {
    for (const connection of this.#all) connection.refuse("STOPPING", "The server is stopping.");
  }

  dropAll(): void {
    for (const connection of this.#all) connection.refuse("REPLACED", "Please connect again.");
  }

  #tell(terminal: TerminalAddress, type: "stop" | "inquire", prompt_id: string): boolean {
    const connection = this.#admitted.get(keyOf(terminal));
    connection?.sendAfter({ type, prompt_id });
    return connection !== undefined;
  }

  #admit(connection: Connection): void {
    if (connection.link === undefined) return;
    const key = keyOf(connection.link);
    const other = this.#admitted.get(key);
    // The database counted the connections; its answers may come in another order.
    const is_newest = (other?.link?.epoch ?? 0) < connection.link.epoch;
    if (is_newest) this.#admitted.set(key, connection);
    (is_newest ? other : connection)?.refuse("REPLACED", "The terminal has connected again.");
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection);
    if (connection.link === undefined) return;
    const key = keyOf(connection.link);
    if (this.#admitted.get(key) === connection) this.#admitted.delete(key);
  }
}
