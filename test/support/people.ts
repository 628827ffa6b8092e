/** The people of an account: invited, accepting, signing in, each from an address of their own where a test wants so. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Role } from "../../src/domain/role.ts";
import { tokenOf } from "./clients.ts";
import { openBareShop } from "./honest-shop.ts";
import type { Answer, Shop } from "./shop.ts";

export const password = "riktig hest batteri stift";

export interface InvitedPerson {
  readonly id: string;
  readonly email: string;
  readonly invitation: { readonly link: string; readonly token: string; readonly expires_at: string };
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
}

export interface Person extends InvitedPerson {
  /** What the authenticator shows now, or so many steps of thirty seconds later. */
  code(steps?: number): string;
}

type Body = Record<string, unknown> & ErrorBody;

export interface People {
  readonly shop: Shop;
  readonly account_id: string;
  /** Below the account, as the office: a client with `admin:accounts`; or by that token. */
  manage<T = Body>(method: string, path: string, body?: unknown, token?: string): Promise<Answer<T>>;
  invite(email: string, role: Role, name?: string): Promise<InvitedPerson>;
  /** Posts to the token's address, from that network address. */
  ask(body: object, from?: string, account_id?: string): Promise<Answer<Body>>;
  accept(token: string, password: string): Promise<Answer<Body>>;
  confirm(token: string, otp: string, from?: string): Promise<Answer<Body>>;
  /** Somebody who has accepted, and whose codes are all unused. */
  person(email: string, role: Role): Promise<Person>;
  /** With password and code, as if no code had ever been used. */
  signIn(person: Person, from?: string): Promise<Tokens>;
  /** So that a code of now can be shown though one has been. */
  forgetCodes(): Promise<unknown>;
}

/** A shop behind a proxy, so that a test can come from anywhere. */
export async function openPeople(): Promise<People> {
  const shop = await openBareShop({ TAPLINE_TRUSTED_PROXIES: "127.0.0.1" });
  const { account_id } = shop.demo;
  const office = await tokenOf(shop, { account_id, client_id: "office", scopes: ["admin:accounts"] });
  const post = (path: string, body: object, from = "192.0.2.1"): Promise<Answer<Body>> =>
    shop.call<Body>("POST", path, body, { authorization: "", "x-forwarded-for": from });
  const people: People = {
    shop,
    account_id,
    manage: (method, path, body, token = office) =>
      shop.call(method, `/v1/accounts/${account_id}${path}`, body, { authorization: `Bearer ${token}` }),
    invite: async (email, role, name) => {
      const { status, body } = await people.manage<InvitedPerson>("POST", "/users", { email, role, name });
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    },
    ask: (body, from, account = account_id) => post(`/v1/accounts/${account}/auth/token`, body, from),
    accept: (token, chosen) => post("/v1/invitations/accept", { token, password: chosen }),
    confirm: (token, otp, from) => post("/v1/invitations/confirm", { token, otp }, from),
    person: async (email, role) => {
      const invited = await people.invite(email, role);
      const person = { ...invited, code: await authenticator(people, invited.invitation.token) };
      const { status, body } = await people.confirm(invited.invitation.token, person.code());
      assert.equal(status, 200, JSON.stringify(body));
      await people.forgetCodes();
      return person;
    },
    signIn: async (person, from) => {
      await people.forgetCodes();
      const { body } = await people.ask({ grant_type: "password", username: person.email, password }, from);
      const mfa = { grant_type: "mfa-oob", mfa_token: body.mfa_token, otp: person.code() };
      const answer = await people.ask(mfa, from);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body as unknown as Tokens;
    },
    forgetCodes: () => shop.database.sql("UPDATE users SET otp_last_step = 0 WHERE otp_last_step IS NOT NULL"),
  };
  return people;
}

/** Chooses the password, and sets the authenticator up by the answer. */
export async function authenticator(people: People, token: string, chosen = password): Promise<Person["code"]> {
  const { status, body } = await people.accept(token, chosen);
  assert.equal(status, 200, JSON.stringify(body));
  const secret = secretIn(String(body.otpauth_uri));
  return (steps = 0) => codeOf(secret, people.shop.app.world.clock.now() + steps * 30_000);
}

export const secretIn = (otpauth_uri: string): Buffer =>
  fromBase32(new URL(otpauth_uri).searchParams.get("secret") ?? "");

/** RFC 4226 and 6238 written out, so that the server's library is compared with something. */
export function codeOf(secret: Buffer, now: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const hash = createHmac("sha1", secret).update(counter).digest();
  const number = hash.readUInt32BE((hash.at(-1) ?? 0) & 0x0f) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map((sign) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(sign).toString(2).padStart(5, "0"));
  const bytes = bits.join("").match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

/** Another code than any that is good now. */
export function wrongCode(person: Pick<Person, "code">): string {
  const good = [-1, 0, 1, 2].map((steps) => person.code(steps));
  return ["000000", "111111", "222222", "333333", "444444"].find((code) => !good.includes(code)) ?? "555555";
}
