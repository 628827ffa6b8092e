/** One simulated terminal, its disk, its clock and its server, each moved by hand, and trouble to order. */
import assert from "node:assert/strict";
import type { PromptFrame, Result, ServerFrame } from "../../src/contract/terminal-protocol.ts";
import { scriptFor } from "../../src/simulator/amounts.ts";
import { CardHost } from "../../src/simulator/card-host.ts";
import { makeDeviceKey, signer } from "../../src/simulator/device-key.ts";
import { HostBook } from "../../src/simulator/host-book.ts";
import type { AdviceResult } from "../../src/simulator/journal.ts";
import { SimulatedTerminal } from "../../src/simulator/terminal.ts";
import { type PowerCut, Troubles } from "../../src/simulator/trouble.ts";
import { systemRandom } from "../../src/system-environment.ts";
import { quietLog } from "./quiet-log.ts";
import { until } from "./shop.ts";
import { HandClock } from "./terminal-clock.ts";
import { HandDisk, type PowerCut as PowerCutInWrite } from "./terminal-disk.ts";
import { HandServer } from "./terminal-server.ts";

export type Advice = Extract<ServerFrame, { type: "advice" }>;
export type Reverse = Extract<ServerFrame, { type: "reverse" }>;

const signing = makeDeviceKey().then(({ private_jwk }) => signer(private_jwk));

export class SimulatedScene {
  readonly server: HandServer;
  readonly disk = new HandDisk();
  readonly troubles = new Troubles();
  clock = new HandClock(0);
  #terminal: SimulatedTerminal | undefined;
  #dark = Promise.withResolvers<PowerCut>();
  #advices = 0;

  private constructor(server: HandServer) {
    this.server = server;
  }

  /** The terminal is on, and welcomed by the server. */
  static async open(): Promise<SimulatedScene> {
    const scene = new SimulatedScene(await HandServer.open());
    await scene.boot();
    return scene;
  }

  get terminal(): SimulatedTerminal {
    assert.ok(this.#terminal !== undefined);
    return this.#terminal;
  }

  /** The host's book, as it is on disk. */
  get book(): HostBook {
    return HostBook.of(this.disk.host);
  }

  /** Resolves when trouble has cut the power. */
  get wentDark(): Promise<PowerCut> {
    return this.#dark.promise;
  }

  /** Switches the terminal on, as it was left, and waits for its hello. */
  async boot(cut?: PowerCutInWrite): Promise<void> {
    this.#terminal?.unplug();
    const { server } = this;
    const greetings = server.connections + 1;
    this.clock = new HandClock(Date.parse("2026-11-22T12:00:00Z"));
    this.#dark = Promise.withResolvers<PowerCut>();
    const { journal, host } = this.disk.boot(cut);
    this.#terminal = await SimulatedTerminal.boot({
      clock: this.clock,
      random: systemRandom,
      log: quietLog,
      address: server.address,
      terminal_id: "T12345678-T0292",
      serial_number: "SIMULATED-1",
      sign: await signing,
      journal,
      host: await CardHost.open(host),
      troubles: this.troubles,
      onPowerCut: (power_cut) => this.#dark.resolve(power_cut),
      onScreen: () => {},
    });
    this.terminal.plugIn();
    await server.greeted(greetings);
  }

  /** Time passes until the terminal has connected again by itself. */
  async connectsAgain(): Promise<void> {
    const { connections } = this.server;
    await until(async () => {
      this.clock.pass(100);
      return this.server.connections > connections;
    });
    await this.server.greeted(connections + 1);
  }

  async show(change: Partial<PromptFrame> = {}): Promise<PromptFrame> {
    const prompt = this.server.prompt(this.clock, change);
    this.server.send(prompt);
    assert.equal((await this.server.expect("shown")).prompt_id, prompt.prompt_id);
    return prompt;
  }

  /** Shows a prompt and presents the card that goes with its amount. */
  async present(change: Partial<PromptFrame> = {}): Promise<Result> {
    const { amount } = await this.show(change);
    await this.terminal.presentCard(scriptFor(amount));
    await this.server.expect("card_presented");
    return this.server.expect("result");
  }

  /** The same, acknowledged. */
  async take(change: Partial<PromptFrame> = {}): Promise<Result> {
    const result = await this.present(change);
    await this.acknowledge(result);
    return result;
  }

  async acknowledge(result: { journal_id: string; sequence: number }): Promise<void> {
    this.server.acknowledge(result);
    const { sequence } = result;
    await until(() => this.disk.journal.some((entry) => entry.kind === "acknowledged" && entry.sequence === sequence));
  }

  advice(prompt_id: string, kind: Advice["kind"], amount = 39900, change: Partial<Advice> = {}): Advice {
    const advice_id = `ad_${++this.#advices}`;
    return { type: "advice", advice_id, prompt_id, kind, amount, currency: "NOK", ...change };
  }

  /** Tells the terminal, and acknowledges its answer. */
  async tell(advice: Advice): Promise<AdviceResult> {
    this.server.send(advice);
    const result = await this.server.expect("advice_result");
    assert.equal(result.advice_id, advice.advice_id);
    await this.acknowledge(result);
    return result;
  }

  reverse(prompt_id: string, reversal_id = `rv_${prompt_id}`): Reverse {
    return { type: "reverse", reversal_id, prompt_id, amount: 39900, currency: "NOK" };
  }

  close(): void {
    this.#terminal?.unplug();
    this.server.close();
  }
}
