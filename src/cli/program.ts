/** The command line: `tapline <command>`. */
import { Command, InvalidArgumentError } from "commander";
import { StartupProblem } from "../domain/startup-problem.ts";
import { createAccount, listAccounts } from "./account.ts";
import { runAudit } from "./audit.ts";
import { renewClient } from "./client.ts";
import { runDemo } from "./demo.ts";
import { explained } from "./explained.ts";
import { rotateKeys } from "./keys.ts";
import { type ListenOptions, listen } from "./listen.ts";
import { runServe } from "./serve.ts";
import { commandTerminal, terminalActions } from "./terminal.ts";
import { printToken } from "./token.ts";

export async function run(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(argv);
  } catch (error) {
    const sentence = error instanceof StartupProblem ? error.message : explained(error);
    if (sentence === undefined) throw error;
    console.error(sentence);
    // Connections that are kept for a next request would hold the process for seconds.
    process.exit(1);
  }
}

function program(): Command {
  const tapline = new Command("tapline").description("An open, self-hosted server for in-person card payments.");
  tapline
    .command("demo")
    .description("the server with a test account and a simulated terminal; what `npm start` runs")
    .action(runDemo);
  tapline.command("serve").description("the server, for real use").action(runServe);
  tapline
    .command("terminal")
    .description("play the person in front of a simulated terminal")
    .argument("<action>", terminalActions.join(" | "), actionArgument)
    .argument("[terminal_id]", "e.g. T12345678-T0292; the demo's terminal if left out")
    .addHelpText("after", terminalHelp)
    .action(commandTerminal);
  tapline
    .command("token")
    .description('print a token, for curl: -H "Authorization: Bearer $(npx tapline token)"')
    .action(printToken);
  addListenCommand(tapline.command("listen"));
  tapline
    .command("keys")
    .description("the keys that tokens are signed with")
    .command("rotate")
    .description("sign with a new key from now on; tokens signed before stay good until they expire")
    .action(rotateKeys);
  tapline
    .command("audit")
    .description("check that the books are whole; changes nothing, and the server may run meanwhile")
    .addHelpText("after", auditHelp)
    .action(runAudit);
  addAccountCommands(tapline.command("account").description("who may take payments on this server"));
  addClientCommands(tapline.command("client").description("the API clients of an account"));
  return tapline;
}

function addClientCommands(client: Command): void {
  client
    .command("renew")
    .description("a new secret for a client whose secret is lost; the old one ends at once")
    .requiredOption("--account <account_id>", "e.g. T12345678")
    .requiredOption("--client <client_id>", "e.g. admin, the first client of an account")
    .action(renewClient);
}

function addListenCommand(command: Command): void {
  command
    .description("show what happens as it happens, and post it to a program of yours as a webhook would be")
    .option("--forward-to <url>", "post each event there, e.g. http://127.0.0.1:3000/webhooks")
    .option("--session <id>", "follow this session alone, from its first event on")
    .option("--type <type...>", "only events of these types")
    .option("--json", "print whole messages, one a line")
    .option("--secret <secret>", "send event-signature as well: HMAC-SHA1 of the body with this secret")
    .option("--signing-secret <whsec>", "sign with this secret (whsec_…); made and printed if left out")
    .addHelpText("after", listenHelp)
    .action((options: ListenOptions) => listen(options));
}

function addAccountCommands(account: Command): void {
  account
    .command("create")
    .description("make a test account (T…) and a production account (P…) of the same digits; prints their secrets once")
    .requiredOption("--name <name>", 'whose accounts they are, e.g. "Kaffe & Kø AS"')
    .option("--account-id <digits>", "eight digits, e.g. 12345678; made for you if left out")
    .option("--owner-email <email>", "invite the first owner of both accounts; prints their links once")
    .option("--owner-name <name>", 'e.g. "Ole Bøe"')
    .action(createAccount);
  account.command("list").description("the accounts on this server").action(listAccounts);
}

function actionArgument(value: string): (typeof terminalActions)[number] {
  const action = terminalActions.find((known) => known === value);
  if (action === undefined) throw new InvalidArgumentError(`It is one of ${terminalActions.join(", ")}.`);
  return action;
}

const terminalHelp = `
Examples:
  npx tapline terminal manual     the terminal waits for you from now on
  npx tapline terminal tap        present a card; waits up to 10 s for a prompt
  npx tapline terminal decline    present a card that the issuer declines
  npx tapline terminal auto       the terminal answers by itself again, by amount

The server and the credentials come from TAPLINE_URL, TAPLINE_CLIENT_ID and TAPLINE_CLIENT_SECRET, else from demo.json in
TAPLINE_DATA_DIR (data/).`;

const listenHelp = `
Examples:
  npx tapline listen
  npx tapline listen --forward-to http://127.0.0.1:3000/webhooks
  npx tapline listen --session T12345678.0VbhuwxheJVb1PG92cj8LW --json
  npx tapline listen --type checkout_transaction checkout_authorization

What is posted has the headers and the body of a webhook, and verifyWebhook of @tapline/sdk takes it. A receiver that is
down is tried four times for each event; then the next event has its turn. The events go to standard output, the rest to
standard error. The server and the credentials come from TAPLINE_URL, TAPLINE_ACCOUNT_ID, TAPLINE_CLIENT_ID and
TAPLINE_CLIENT_SECRET, else from demo.json in TAPLINE_DATA_DIR (data/).`;

const auditHelp = `
Examples:
  npx tapline audit
  DATABASE_URL=postgres://tapline:secret@db.example.com/tapline npx tapline audit

Every transaction's row is compared with the sum of its events, with its prompts, its refunds, and what its terminal's
host was told. The exit code is 0 where all agree and 1 where something differs, or the database could not be read.
The database is that of DATABASE_URL, else the server's own in TAPLINE_DATA_DIR (data/).`;
