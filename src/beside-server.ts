/** What a command does to a server's database, whether the server runs or not. */
import type { Config } from "./config.ts";
import type { AuditReport } from "./domain/audit.ts";
import type { Clock, RandomBytes } from "./domain/environment.ts";
import { StartupProblem } from "./domain/startup-problem.ts";
import { type AccountPairRequest, createAccountPair, type MadeAccount } from "./flows/account.ts";
import { type ClientName, renewSecret } from "./flows/client.ts";
import { rotateSigningKey } from "./http/token-keys.ts";
import { checkThereIsADatabase, onExisting, withDatabase } from "./server-database.ts";
import { type ListedAccount, listAccounts } from "./storage/accounts.ts";
import { auditBooks } from "./storage/audit.ts";
import { DatabaseUnavailable } from "./storage/database.ts";
import { checkSchema, migrate } from "./storage/migrations.ts";

/** What is done to a database beside the server, or without one. */
interface Offline {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Makes a new signing key in a server's database, whether the server runs or not. Answers its id. */
export function rotateKeys(config: Config, clock: Clock): Promise<string> {
  return withDatabase(config, clock, async (db, is_running) => {
    if (!is_running) await migrate(db, new Date(clock.now()).toISOString());
    return rotateSigningKey(db, clock);
  });
}

/** Makes a merchant's two accounts in a server's database, whether the server runs or not, and has never run too. */
export function createAccounts({ config, clock, random }: Offline, asked: AccountPairRequest): Promise<MadeAccount[]> {
  return withDatabase(config, clock, async (db, is_running) => {
    await (is_running ? checkSchema(db) : migrate(db, new Date(clock.now()).toISOString()));
    return createAccountPair({ db, clock, random }, asked);
  });
}

/** A new secret for a client of a server, whether it runs or not; the old ones end at once. Answers the secret. */
export const renewClient = ({ config, clock, random }: Offline, asked: ClientName): Promise<string> =>
  onExisting(config, clock, (db) => renewSecret({ db, clock, random }, asked));

/** The accounts of a server, whether it runs or not. */
export const readAccounts = (config: Config, clock: Clock): Promise<ListedAccount[]> =>
  onExisting(config, clock, listAccounts);

/** Checks a server's books, whether the server runs or not, and changes nothing in them: see storage/audit.ts. */
export async function audit(config: Config, clock: Clock, report: AuditReport, onPage: () => void): Promise<void> {
  await checkThereIsADatabase(config);
  await withDatabase(config, clock, (db) => auditBooks(db, report, onPage)).catch((error: unknown) => {
    if (!(error instanceof DatabaseUnavailable)) throw error;
    throw new StartupProblem(`The database went away during the audit (${error.message}): audit again when it runs.`);
  });
}
