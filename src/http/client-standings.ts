/** Whether the client or the user that a token was issued to still stands: asked of the database, and remembered a while. */
import { type ClientStanding, goodScopes } from "../domain/api-client.ts";
import type { Clock } from "../domain/environment.ts";
import { goodScopesOfUser, type UserStanding } from "../domain/role.ts";
import { readStanding } from "../storage/clients.ts";
import type { Reader } from "../storage/database.ts";
import { readUserStanding } from "../storage/sign-ins.ts";
import { Remembered } from "./remembered.ts";
import type { TokenClaims } from "./token-keys.ts";

/** Clients and users that are remembered at once. */
const rememberMax = 10_000;

type Standing = { readonly client: ClientStanding } | { readonly user: UserStanding };

export class ClientStandings {
  readonly #reader: Reader;
  readonly #clock: Clock;
  readonly #remembered: Remembered<Standing>;

  constructor(reader: Reader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
    this.#remembered = new Remembered(clock, rememberMax);
  }

  /** What the token is good for now, or the sentence that says why it is not. A user's is good for what their role is. */
  async goodScopes(claims: TokenClaims): Promise<readonly string[] | string> {
    const key = keyOf(claims);
    const remembered = this.#remembered.recent(key);
    if (remembered !== undefined) {
      const good = judged(claims, remembered);
      // A token may be newer than what is remembered, so only what is granted whole is granted from memory.
      if (typeof good !== "string" && claims.scopes.every((scope) => good.includes(scope))) return good;
    }
    return judged(claims, await this.#remembered.ask(key, () => this.#read(claims)));
  }

  /** A client or a user of this account was changed through this process, which then need not wait to see it. */
  forget(account_id: string): void {
    this.#remembered.forget((key) => key.startsWith(`${account_id} `));
  }

  async #read({ account_id, client_id, sign_in_id }: TokenClaims): Promise<Standing | undefined> {
    const now = new Date(this.#clock.now()).toISOString();
    if (sign_in_id !== undefined) {
      const user = await readUserStanding(this.#reader, account_id, client_id, now);
      return user === undefined ? undefined : { user };
    }
    const client = await readStanding(this.#reader, account_id, client_id, now);
    return client === undefined ? undefined : { client };
  }
}

function judged(claims: TokenClaims, standing: Standing | undefined): readonly string[] | string {
  if (claims.sign_in_id === undefined) {
    return goodScopes(claims, standing !== undefined && "client" in standing ? standing.client : undefined);
  }
  return goodScopesOfUser(claims.sign_in_id, standing !== undefined && "user" in standing ? standing.user : undefined);
}

/** An account's id holds no space, and a client goes by no name with a line's end in it. */
const keyOf = ({ account_id, client_id, sign_in_id }: TokenClaims): string =>
  sign_in_id === undefined ? `${account_id} ${client_id}` : `${account_id} \n${client_id}`;
