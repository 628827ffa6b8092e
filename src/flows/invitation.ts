/**
 * An invitation is accepted in two steps, by whoever has its link:
 *
 *   acceptInvitation    a password is chosen, and a secret for one-time codes is made; nothing of the user changes yet
 *   confirmInvitation   a first right code proves that the secret arrived: both are the user's now, who is signed in
 *
 * The first step may be repeated, and makes another secret each time: an answer that was lost locks nobody out.
 */
import { fieldError, Rejection } from "../domain/rejections.ts";
import { emailKey, passwordProblem } from "../domain/user.ts";
import { lockAccount } from "../storage/accounts.ts";
import { dropSignIns } from "../storage/sign-ins.ts";
import { type Invitation, keepChosen, readInvitation, takeInvitation } from "../storage/user-invitations.ts";
import { setPasswordAndCode } from "../storage/users.ts";
import { codeSecret_bytes, type OneTimeCodes } from "./one-time-code.ts";
import { hashPassword } from "./password-hash.ts";
import { beginSignIn, type SignedIn, tokenHash } from "./sign-in.ts";
import { recordUser } from "./user.ts";
import { isoNow, type World } from "./world.ts";
import { countWrongInvitation } from "./wrong-secret.ts";
import { beginTry, forgetTriesFromHere, forgiveTry, type Guess } from "./wrong-try.ts";

interface Shown {
  readonly token: string;
  /** Where the request came from. */
  readonly address: string;
}

export interface AcceptedInvitation {
  readonly account_id: string;
  readonly account_name: string;
  readonly user_id: string;
  readonly email: string;
  /** Answered here and nowhere again. */
  readonly otpauth_uri: string;
}

export async function acceptInvitation(
  world: World,
  codes: OneTimeCodes,
  { token, address, password }: Shown & { readonly password: string },
): Promise<AcceptedInvitation> {
  const problem = passwordProblem(password);
  if (problem !== undefined) {
    throw Rejection.ofFields(`password ${problem}`, [fieldError("INVALID_VALUE", "password", problem)]);
  }
  const { account_id, account_name, user_id, email } = await findInvitation(world, { token, address });
  const otp_secret = world.random(codeSecret_bytes);
  const password_scrypt = await hashPassword(password, world.random);
  const chosen = { password_scrypt, otp_secret };
  const is_good = await world.db.atOnce((tx) => keepChosen(tx, tokenHash(token), chosen, isoNow(world)));
  if (!is_good) throw new Rejection("INVITATION_INVALID");
  return { account_id, account_name, user_id, email, otpauth_uri: codes.uri(otp_secret, { email, account_id }) };
}

export async function confirmInvitation(
  world: World,
  codes: OneTimeCodes,
  { token, address, code }: Shown & { readonly code: string },
): Promise<SignedIn> {
  const { account_id, user_id, email, password_scrypt, otp_secret } = await findInvitation(world, { token, address });
  if (password_scrypt === null || otp_secret === null) throw new Rejection("INVITATION_NOT_ACCEPTED");
  // Nobody but the invited has the token, so that strangers count for nothing here.
  const guess: Guess = { of: "code", account_id, user: user_id, address, is_known_address: true };
  await beginTry(world, guess);
  const step = codes.stepOf(otp_secret, code, world.clock.now());
  if (step === undefined) throw new Rejection("ONE_TIME_CODE_WRONG");
  const signed_in = await world.db.transaction(async (tx) => {
    await lockAccount(tx, account_id);
    if (!(await takeInvitation(tx, tokenHash(token), otp_secret, isoNow(world)))) {
      throw new Rejection("INVITATION_INVALID");
    }
    // Whoever was signed in by the password before is so no more: it may be known to somebody else.
    await dropSignIns(tx, account_id, user_id);
    const chosen = { password_scrypt, otp_secret, otp_last_step: step };
    const user = await setPasswordAndCode(tx, { account_id, id: user_id }, chosen, isoNow(world));
    await recordUser(world, tx, user, { changed_by: user_id, action: "accepted", change: { status: user.status } });
    return beginSignIn(world, tx, { account_id, user_id, role: user.role, address });
  });
  await forgiveTry(world, guess);
  await forgetTriesFromHere(world, [guess, { ...guess, of: "password", user: emailKey(email) }]);
  return signed_in;
}

/** The right token is always answered, as nobody guesses it; wrong ones, after too many from one address, are told to wait. */
async function findInvitation(world: World, { token, address }: Shown): Promise<Invitation> {
  const found = await readInvitation(world.db, tokenHash(token), isoNow(world));
  if (found !== undefined) return found;
  const retry_after_s = await countWrongInvitation(world, address);
  throw retry_after_s === 0
    ? new Rejection("INVITATION_INVALID")
    : new Rejection("TOO_MANY_ATTEMPTS", { retry_after_s });
}
