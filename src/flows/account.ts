/** A new account, with what every account begins with: a `default` payment profile and a client that may do everything. */
import { accountPair, isAccountDigits, newAccountDigits } from "../domain/account.ts";
import { audienceOf, serverItself } from "../domain/api-client.ts";
import { scopes } from "../domain/scopes.ts";
import { StartupProblem } from "../domain/startup-problem.ts";
import { emailProblem, userNameProblem } from "../domain/user.ts";
import { insertAccount } from "../storage/accounts.ts";
import type { Tx } from "../storage/database.ts";
import { putProfile } from "../storage/profiles.ts";
import { recordChange } from "./account-change.ts";
import { addClient, type SetUp } from "./client.ts";
import { addGrant } from "./grant.ts";
import { addUser, invitationLink } from "./user.ts";
import { isoNow } from "./world.ts";

/** As the mission document recommends it: in-person payments alone, pushed to the terminal. */
const inPersonConfiguration = {
  channel: "in_store" as const,
  publish: [{ channel: "terminal", type: "push" }],
  seitatech: {
    type: "payment_type",
    in_person: { type: "payment_product_type", enabled: true, payability: "payable" },
  },
};

/** Every account has a profile of this name (management section 6). */
const defaultProfile = "default";

/** False, with nothing written, if the account is there already. */
export async function addAccount(world: SetUp, tx: Tx, account_id: string, name: string): Promise<boolean> {
  const is_new = await insertAccount(tx, { account_id, name, in_person_enabled: true }, isoNow(world));
  if (!is_new) return false;
  const about = { account_id, changed_by: serverItself, entity: "account", entity_id: account_id } as const;
  await recordChange(world, tx, { ...about, action: "created", change: { name, in_person_enabled: true } });
  await addInPersonProfile(world, tx, account_id, defaultProfile);
  return true;
}

export async function addInPersonProfile(world: SetUp, tx: Tx, account_id: string, profile_id: string): Promise<void> {
  const facts = {
    description: "In-person payments, pushed to the terminal",
    configuration: inPersonConfiguration,
  };
  await putProfile(tx, { account_id, profile_id, ...facts }, isoNow(world));
  const about = { account_id, changed_by: serverItself, entity: "profile", entity_id: profile_id } as const;
  await recordChange(world, tx, { ...about, action: "created", change: facts });
}

/** A client that may do everything in its account. Answers its secret. */
export async function addFirstClient(
  world: SetUp,
  tx: Tx,
  { account_id, client_id, name }: { account_id: string; client_id: string; name: string },
): Promise<string> {
  const { client, client_secret } = await addClient(world, tx, { account_id, client_id, name }, serverItself);
  const type = "client_credentials" as const;
  const grant = { account_id, client_id: client.id, audience: audienceOf(account_id), scope: scopes, type };
  await addGrant(world, tx, grant, serverItself);
  return client_secret;
}

export interface MadeAccount {
  readonly account_id: string;
  readonly client_id: string;
  /** Answered here and nowhere again. */
  readonly client_secret: string;
  /** Where the first owner accepts; answered here and nowhere again. */
  readonly invitation_link?: string;
}

/** A person who may do everything in both accounts, once they have accepted their invitations. */
export interface FirstOwner {
  readonly email: string;
  readonly name?: string | undefined;
  /** Where the server is reached: their links lead there. */
  readonly base_url: string;
}

export interface AccountPairRequest {
  readonly name: string;
  /** The accounts' digits, where they are to be these. */
  readonly digits?: string | undefined;
  readonly owner?: FirstOwner | undefined;
}

/** What the first client of an account is called; each account has its own, with a secret of its own. */
const firstClient = "admin";

/** An account's digits are eight, so a new pair hardly ever meets one that is there. */
const triesMax = 5;

/** The two accounts of a merchant, or neither. Throws `StartupProblem` where one of them is there already. */
export async function createAccountPair(
  world: SetUp,
  { name, digits, owner }: AccountPairRequest,
): Promise<MadeAccount[]> {
  if (name.trim() === "") throw new StartupProblem("The account's name is empty: say whose it is.");
  if (digits !== undefined && !isAccountDigits(digits)) {
    throw new StartupProblem(`The account id "${digits}" is not eight digits, such as 12345678.`);
  }
  if (owner !== undefined) checkOwner(owner);
  for (let tries = 1; ; tries++) {
    const pair = accountPair(digits ?? newAccountDigits(world.random));
    try {
      return await world.db.transaction((tx) => addPair(world, tx, pair, { name, owner }));
    } catch (error) {
      if (!(error instanceof StartupProblem) || digits !== undefined || tries === triesMax) throw error;
    }
  }
}

function checkOwner({ email, name }: FirstOwner): void {
  const problem = emailProblem(email) ?? (name === undefined ? undefined : userNameProblem(name));
  if (problem !== undefined) throw new StartupProblem(problem);
}

async function addPair(
  world: SetUp,
  tx: Tx,
  pair: readonly string[],
  { name, owner }: AccountPairRequest,
): Promise<MadeAccount[]> {
  const made: MadeAccount[] = [];
  for (const account_id of pair) {
    if (!(await addAccount(world, tx, account_id, name))) {
      throw new StartupProblem(`The account ${account_id} is there already: choose another id, or leave it out.`);
    }
    const client = { account_id, client_id: firstClient, name: "First client" };
    const client_secret = await addFirstClient(world, tx, client);
    const invited = owner === undefined ? {} : { invitation_link: await inviteFirst(world, tx, account_id, owner) };
    made.push({ account_id, client_id: firstClient, client_secret, ...invited });
  }
  return made;
}

async function inviteFirst(
  world: SetUp,
  tx: Tx,
  account_id: string,
  { email, name, base_url }: FirstOwner,
): Promise<string> {
  const { token } = await addUser(world, tx, { account_id, email, name, role: "owner" }, serverItself);
  return invitationLink(base_url, token);
}
