/**
 * A terminal as a process of its own, for tests that kill it: its journal and its host's book are files in the folder that
 * is its first argument, the server's address is the second, its id the third, and its key comes by the environment. On
 * standard output it says in JSON lines when it says hello, what it shows, and each step that it writes down.
 */
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { CardHost } from "../../src/simulator/card-host.ts";
import { signer } from "../../src/simulator/device-key.ts";
import type { BookEntry } from "../../src/simulator/host-book.ts";
import type { JournalEntry } from "../../src/simulator/journal.ts";
import { Person } from "../../src/simulator/person.ts";
import { SimulatedTerminal } from "../../src/simulator/terminal.ts";
import { Troubles } from "../../src/simulator/trouble.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { bookOf, FileEntries, journalOf } from "./kill-entries.ts";
import { quietLog } from "./quiet-log.ts";

const [folder = "", address = "", terminal_id = ""] = process.argv.slice(2);
const private_jwk = JSON.parse(process.env.TAPLINE_KILL_DEVICE_KEY ?? "{}") as JsonWebKey;

/** Written before it returns: a kill right after does not unsay it. */
function say(event: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, at: Date.now(), ...facts })}\n`);
}

/** A write to slow flash takes up to some ten milliseconds; a host's answer over the telephone, a little longer. */
const flash_ms = 10;
const telephone_ms = 40;
/** How long a person takes with the card in hand. */
const delay_ms = 25;

/** Says that the step is on disk, while whoever wrote it does not know yet. */
function linger(step: string, is_written: boolean, at_most_ms: number): Promise<void> {
  if (is_written) say("step", { step });
  return pause(((systemRandom(1)[0] ?? 0) / 256) * at_most_ms);
}

const sign = await signer(private_jwk);
const person = new Person(
  { clock: systemClock, terminal_id, delay_ms, keep: async () => {} },
  { mode: "auto", network: "online" },
);
const terminal = await SimulatedTerminal.boot({
  clock: systemClock,
  random: systemRandom,
  log: quietLog,
  address,
  terminal_id,
  serial_number: `KILL-${terminal_id}`,
  sign: (text) => {
    say("hello");
    return sign(text);
  },
  journal: new FileEntries<JournalEntry>(journalOf(folder), ({ kind }, is_written) =>
    linger(kind, is_written, flash_ms),
  ),
  host: await CardHost.open(
    new FileEntries<BookEntry>(bookOf(folder), (_, is_written) => linger("host_asked", is_written, telephone_ms)),
  ),
  onScreen: (screen) => {
    if (screen.waits) say("shows", { prompt_id: screen.prompt?.prompt_id });
    person.look(screen);
  },
  troubles: new Troubles(),
  onPowerCut: () => {
    say("crashed");
    process.exit(1);
  },
});
person.face(terminal);
say("on");
// Whoever started it has gone.
createInterface({ input: process.stdin }).on("close", () => process.exit(0));
