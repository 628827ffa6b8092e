/**
 * A person signs in, in two steps, and stays so for a while:
 *
 *   checkPassword   email address and password: an mfa_token, good for five minutes
 *   checkCode       that token and a one-time code: a sign-in, with its first refresh token
 *   refresh         a refresh token for the next one; one that comes a second time ends the sign-in
 */
import { createHash } from "node:crypto";
import { newId, newSecret } from "../domain/ids.ts";
import { Rejection } from "../domain/rejections.ts";
import type { Role } from "../domain/role.ts";
import { emailKey } from "../domain/user.ts";
import type { Tx } from "../storage/database.ts";
import {
  endSignIn,
  forgetSignIns,
  insertMfaToken,
  insertRefreshToken,
  insertSignIn,
  lockRefreshToken,
  readMfaToken,
  takeMfaToken,
  useRefreshToken,
} from "../storage/sign-ins.ts";
import { forgetInvitations } from "../storage/user-invitations.ts";
import { readUserToSignIn, takeCodeStep } from "../storage/users.ts";
import type { OneTimeCodes } from "./one-time-code.ts";
import { isPassword } from "./password-hash.ts";
import { isoNow, type World } from "./world.ts";
import { beginTry, forgetLongAgoTries, forgetTriesFromHere, forgiveTry, type Guess } from "./wrong-try.ts";

/** Time to find the telephone with the codes. */
const mfaTokenLife_ms = 5 * 60 * 1000;
/** NIST 800-63B (AAL1) has a person sign in anew after 30 days at the latest, however busy they are. */
export const signInLife_ms = 30 * 24 * 60 * 60 * 1000;

export interface SignedIn {
  readonly account_id: string;
  readonly user_id: string;
  readonly role: Role;
  readonly sign_in_id: string;
  /** Answered here and nowhere again. */
  readonly refresh_token: string;
}

interface FromAddress {
  readonly account_id: string;
  /** Where the request came from; of many addresses of one place, the place. */
  readonly address: string;
}

/** Throws `INVALID_CREDENTIALS`, alike and after as long for whoever is not there. Answers the mfa_token. */
export async function checkPassword(
  world: World,
  { account_id, address, email, password }: FromAddress & { readonly email: string; readonly password: string },
): Promise<string> {
  const user = emailKey(email);
  const found = await readUserToSignIn(world.db, account_id, user, addressHash(account_id, address));
  const is_known_address = found?.is_known_address ?? false;
  const guess: Guess = { of: "password", account_id, user, address, is_known_address };
  await beginTry(world, guess);
  const is_right = await isPassword(password, found?.password_scrypt);
  if (!is_right || found === undefined) throw new Rejection("INVALID_CREDENTIALS");
  await forgiveTry(world, guess);
  const mfa_token = newSecret(world.random);
  const expires_at = new Date(world.clock.now() + mfaTokenLife_ms).toISOString();
  const made = { account_id, user_id: found.id, token_sha256: tokenHash(mfa_token), expires_at };
  await world.db.atOnce((tx) => insertMfaToken(tx, made, isoNow(world)));
  return mfa_token;
}

/** Throws `MFA_TOKEN_INVALID` or `ONE_TIME_CODE_WRONG`; a code that was taken once is wrong from then on. */
export async function checkCode(
  world: World,
  codes: OneTimeCodes,
  { account_id, address, mfa_token, code }: FromAddress & { readonly mfa_token: string; readonly code: string },
): Promise<SignedIn> {
  const token_sha256 = tokenHash(mfa_token);
  const address_sha256 = addressHash(account_id, address);
  const awaited = await readMfaToken(world.db, { account_id, token_sha256, address_sha256 }, isoNow(world));
  if (awaited === undefined) throw new Rejection("MFA_TOKEN_INVALID");
  const { user_id, role, email_key, otp_secret, is_known_address } = awaited;
  const guess: Guess = { of: "code", account_id, user: user_id, address, is_known_address };
  await beginTry(world, guess);
  const step = codes.stepOf(otp_secret, code, world.clock.now());
  if (step === undefined) throw new Rejection("ONE_TIME_CODE_WRONG");
  const signed_in = await world.db.transaction(async (tx) => {
    if (!(await takeCodeStep(tx, account_id, user_id, step))) throw new Rejection("ONE_TIME_CODE_WRONG");
    if (!(await takeMfaToken(tx, token_sha256))) throw new Rejection("MFA_TOKEN_INVALID");
    return beginSignIn(world, tx, { account_id, user_id, role, address });
  });
  await forgiveTry(world, guess);
  await forgetTriesFromHere(world, [guess, { ...guess, of: "password", user: email_key }]);
  return signed_in;
}

export async function beginSignIn(
  world: World,
  tx: Tx,
  { account_id, user_id, role, address }: FromAddress & { readonly user_id: string; readonly role: Role },
): Promise<SignedIn> {
  const sign_in_id = newId("signin", world.clock.now(), world.random);
  const expires_at = new Date(world.clock.now() + signInLife_ms).toISOString();
  const address_sha256 = addressHash(account_id, address);
  await insertSignIn(tx, { account_id, id: sign_in_id, user_id, address_sha256, expires_at }, isoNow(world));
  const refresh_token = await addRefreshToken(world, tx, { account_id, sign_in_id });
  return { account_id, user_id, role, sign_in_id, refresh_token };
}

/** Throws `REFRESH_TOKEN_INVALID`. What was stolen is used twice, by the thief and by its owner: neither stays signed in. */
export async function refresh(
  world: World,
  { account_id, refresh_token }: { readonly account_id: string; readonly refresh_token: string },
): Promise<SignedIn> {
  const token_sha256 = tokenHash(refresh_token);
  const signed_in = await world.db.transaction(async (tx) => {
    const held = await lockRefreshToken(tx, { account_id, token_sha256 }, isoNow(world));
    if (held === undefined) return undefined;
    const { user_id, role, sign_in_id } = held;
    if (held.used_at !== null) {
      await endSignIn(tx, account_id, sign_in_id, isoNow(world));
      world.log.warn({ account_id, user_id, sign_in_id }, "a refresh token was used twice: its sign-in has ended");
      return undefined;
    }
    await useRefreshToken(tx, token_sha256, isoNow(world));
    return {
      account_id,
      user_id,
      role,
      sign_in_id,
      refresh_token: await addRefreshToken(world, tx, { account_id, sign_in_id }),
    };
  });
  if (signed_in === undefined) throw new Rejection("REFRESH_TOKEN_INVALID");
  return signed_in;
}

async function addRefreshToken(
  world: World,
  tx: Tx,
  { account_id, sign_in_id }: { account_id: string; sign_in_id: string },
): Promise<string> {
  const refresh_token = newSecret(world.random);
  await insertRefreshToken(tx, { account_id, sign_in_id, token_sha256: tokenHash(refresh_token) }, isoNow(world));
  return refresh_token;
}

/** Of 256 random bits: nothing to guess, so nothing to slow down. */
export const tokenHash = (token: string): Buffer => createHash("sha256").update(token).digest();

const addressHash = (account_id: string, address: string): Buffer => tokenHash(`${account_id} ${address}`);

/** What has run out: sign-ins, invitations, and what was tried long ago. */
export async function forgetWhatRanOut(world: World): Promise<void> {
  await world.db.transaction(async (tx) => {
    await forgetSignIns(tx, isoNow(world));
    await forgetInvitations(tx, isoNow(world));
  });
  await forgetLongAgoTries(world);
}
