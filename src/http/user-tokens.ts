/** Tokens of people: a password and a one-time code for them, and refresh tokens for the next ones (auth section 3). */
import type { Call, Handler } from "../contract/operation.ts";
import type { issueToken } from "../contract/operations/tokens.ts";
import type { Operations } from "../contract/operations.ts";
import { audienceNames, audienceOf } from "../domain/api-client.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import { scopesOf } from "../domain/role.ts";
import * as invitation from "../flows/invitation.ts";
import { checkCode, checkPassword, refresh, type SignedIn } from "../flows/sign-in.ts";
import type { World } from "../flows/world.ts";
import type { ClientStandings } from "./client-standings.ts";
import { oneTimeCodes } from "./one-time-codes.ts";
import type { TokenKeys } from "./token-keys.ts";

type TokenCall = Call<typeof issueToken>;

/** An hour: whoever sees the token in passing has it no longer than that, and a refresh token makes the next one. */
const userTokenLife_s = 3600;

export class UserTokens {
  readonly #world: World;
  readonly #keys: TokenKeys;
  readonly #standings: Pick<ClientStandings, "forget">;

  constructor(world: World, keys: TokenKeys, standings: Pick<ClientStandings, "forget">) {
    this.#world = world;
    this.#keys = keys;
    this.#standings = standings;
  }

  /** A right password is answered with a refusal all the same, which holds what the code is to be sent with. */
  async byPassword(call: TokenCall): Promise<never> {
    const { account_id, audience, address } = askedFor(call);
    const username = needed(call, "username");
    const password = needed(call, "password");
    checkAudience(account_id, audience);
    const mfa_token = await checkPassword(this.#world, { account_id, address, email: username, password });
    throw new Rejection("mfa_required").beside({ mfa_token });
  }

  async byCode(call: TokenCall) {
    const { account_id, audience, address } = askedFor(call);
    checkAudience(account_id, audience);
    const mfa_token = bearerOf(call) ?? needed(call, "mfa_token");
    const code = call.body.oob_code ?? needed(call, "otp");
    return this.of(await checkCode(this.#world, oneTimeCodes, { account_id, address, mfa_token, code }), audience);
  }

  async byRefreshToken(call: TokenCall) {
    const { account_id, audience } = askedFor(call);
    checkAudience(account_id, audience);
    // The Bearer header holds the token that has run out, where a client sends one.
    const refresh_token = needed(call, "refresh_token");
    return this.of(await this.#refreshed(account_id, refresh_token), audience);
  }

  /** One that is used twice has ended its sign-in, and with it what is remembered of its access tokens. */
  async #refreshed(account_id: string, refresh_token: string): Promise<SignedIn> {
    try {
      return await refresh(this.#world, { account_id, refresh_token });
    } catch (error) {
      if (error instanceof Rejection) this.#standings.forget(account_id);
      throw error;
    }
  }

  async of({ account_id, user_id, role, sign_in_id, refresh_token }: SignedIn, audience?: string) {
    const claims = { account_id, client_id: user_id, scopes: scopesOf(role), sign_in_id };
    const access_token = await this.#keys.sign(claims, audience ?? audienceOf(account_id), userTokenLife_s);
    return { access_token, token_type: "Bearer" as const, expires_in: userTokenLife_s, refresh_token };
  }
}

export const acceptInvitation =
  (world: World): Handler<Operations["acceptInvitation"]> =>
  ({ address, body: { token, password } }) =>
    invitation.acceptInvitation(world, oneTimeCodes, { token, password, address });

export const confirmInvitation =
  (world: World, tokens: UserTokens, standings: ClientStandings): Handler<Operations["confirmInvitation"]> =>
  async ({ address, body: { token, otp } }) => {
    const signed_in = await invitation.confirmInvitation(world, oneTimeCodes, { token, code: otp, address });
    standings.forget(signed_in.account_id);
    return tokens.of(signed_in);
  };

const askedFor = ({ params, body: { audience }, address }: TokenCall) => ({
  account_id: params.oid,
  audience,
  address,
});

/** Whoever names an account names the one in the path. */
function checkAudience(account_id: string, audience: string | undefined): void {
  if (audience !== undefined && !audienceNames(audience, account_id)) {
    throw new Rejection("AUDIENCE_NOT_GRANTED", { audience }, "audience");
  }
}

function needed({ body }: TokenCall, member: "username" | "password" | "mfa_token" | "otp" | "refresh_token"): string {
  const sent = body[member];
  if (sent !== undefined && sent !== "") return sent;
  const problem = "is required.";
  throw Rejection.ofFields(`${member}: ${problem}`, [fieldError("REQUIRED", member, problem)]);
}

const bearerOf = ({ headers }: TokenCall): string | undefined =>
  /^Bearer +(\S+)$/i.exec(String(headers.authorization ?? ""))?.[1];
