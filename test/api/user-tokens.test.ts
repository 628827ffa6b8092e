/** A person signs in with a password and a one-time code, stays so for a while, and may do what their role is now. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeJwt } from "jose";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import type { Role } from "../../src/domain/role.ts";
import { ClientStandings } from "../../src/http/client-standings.ts";
import { sweeps } from "../../src/maintenance/schedule.ts";
import { later } from "../support/honest-shop.ts";
import { openPeople, type People, type Person, password, type Tokens, wrongCode } from "../support/people.ts";
import { assertRefused } from "./refusal.ts";

let people: People;
before(async () => {
  people = await openPeople();
});
after(() => people.shop.close());

let n = 0;
const somebody = (role: Role = "cashier"): Promise<Person> => people.person(`person${++n}@example.com`, role);

const byPassword = (email: string, chosen = password) =>
  people.ask({ grant_type: "password", username: email, password: chosen });
const byCode = (mfa_token: unknown, otp: string) => people.ask({ grant_type: "mfa-oob", mfa_token, otp });
const byRefresh = (refresh_token: string) => people.ask({ grant_type: "refresh_token", refresh_token });

const mfaTokenOf = async (person: Person): Promise<string> => String((await byPassword(person.email)).body.mfa_token);

const status = async ({ access_token }: Pick<Tokens, "access_token">, method: string, path: string, body?: unknown) =>
  (await people.shop.call(method, path, body, { authorization: `Bearer ${access_token}` })).status;

const wrong = { status: 401, code: "INVALID_CREDENTIALS" };

describe("a right password", () => {
  test("is answered 403 with mfa_required and, beside the error, an mfa_token; and with no token", async () => {
    const person = await somebody();
    const answer = await byPassword(person.email);
    assertRefused(answer, { status: 403, code: "mfa_required" });
    assert.match(String(answer.body.mfa_token), /^[0-9A-Za-z]{43}$/);
    assert.deepEqual(Object.keys(answer.body).sort(), ["error", "mfa_token"]);
  });

  test("is right however the address's capitals and the keyboard's letters are written", async () => {
    const { id, email, invitation } = await people.invite("Bjørn@Example.com", "cashier");
    await people.accept(invitation.token, "kafé på hjørnet");
    await people.shop.database.sql(
      `UPDATE users SET password_scrypt = invited.password_scrypt, otp_secret = invited.otp_secret, otp_last_step = 0
       FROM user_invitations AS invited WHERE invited.user_id = users.id AND users.id = $1`,
      [id],
    );
    for (const username of [email, "BJØRN@example.COM"]) {
      assert.equal((await byPassword(username, "kafe\u0301 pa\u030A hjørnet")).status, 403);
    }
    assertRefused(await byPassword(email, "kafe pa hjornet"), wrong);
  });
});

describe("a wrong password", () => {
  test("and whoever is not there, is invited, was removed, or is of another account, are answered alike", async () => {
    const person = await somebody();
    const invited = await people.invite("bare-invitert@example.com", "cashier");
    const removed = await somebody();
    await people.manage("DELETE", `/users/${removed.id}`);
    const refusal = await byPassword(person.email, "ikke det riktige");
    assertRefused(refusal, wrong);
    assert.equal(refusal.headers.get("www-authenticate"), "Bearer");
    for (const email of ["ingen@example.com", invited.email, removed.email]) {
      assert.deepEqual((await byPassword(email)).body, refusal.body, email);
    }
    const elsewhere = { grant_type: "password", username: person.email, password };
    for (const account_id of ["T87654321", "P12345678"]) {
      assert.deepEqual((await people.ask(elsewhere, undefined, account_id)).body, refusal.body);
    }
  });

  test("of nobody takes as long as that of somebody", async () => {
    const { email } = await somebody();
    const quickest = async (name: () => string): Promise<number> => {
      let best = Number.POSITIVE_INFINITY;
      for (let count = 0; count < 4; count++) {
        const began = performance.now();
        assertRefused(await byPassword(name(), "ikke det riktige"), wrong);
        best = Math.min(best, performance.now() - began);
      }
      return best;
    };
    const somebodys = await quickest(() => email);
    const nobodys = await quickest(() => `ingen${++n}@example.com`);
    assert.ok(nobodys > somebodys / 2, `${nobodys} ms beside ${somebodys} ms`);
  });

  for (const member of ["username", "password"]) {
    test(`is not asked about without ${member}`, async () => {
      const body = { grant_type: "password", username: "a@example.com", password, [member]: undefined };
      assertRefused(await people.ask(body), { status: 400, code: "INVALID_REQUEST_PARAMETER", field: member });
    });
  }

  test("nor for another account's audience", async () => {
    const audience = "https://api.dintero.com/v1/accounts/T87654321";
    const answer = await people.ask({ grant_type: "password", username: "a@example.com", password, audience });
    assertRefused(answer, { status: 403, code: "AUDIENCE_NOT_GRANTED", field: "audience" });
  });
});

describe("a right code", () => {
  test("is answered with tokens of the user's own", async () => {
    const person = await somebody();
    const { status: answered, body } = await byCode(await mfaTokenOf(person), person.code());
    assert.equal(answered, 200, JSON.stringify(body));
    const tokens = body as unknown as Tokens;
    assert.deepEqual([tokens.token_type, tokens.expires_in], ["Bearer", 3600]);
    const claims = decodeJwt(tokens.access_token);
    assert.equal(claims.sub, person.id);
    assert.equal(claims.account_id, people.account_id);
    assert.match(String(claims.aud), new RegExp(`/v1/accounts/${people.account_id}$`));
    assert.equal(await status(tokens, "GET", "/v1/transactions"), 200);
  });

  test("may be sent as mfa, as oob_code, and with the mfa_token in the Bearer header", async () => {
    const person = await somebody();
    const sent = [
      async () => people.ask({ grant_type: "mfa", mfa_token: await mfaTokenOf(person), otp: person.code() }),
      async () => people.ask({ grant_type: "mfa-oob", mfa_token: await mfaTokenOf(person), oob_code: person.code() }),
      async () =>
        people.shop.call(
          "POST",
          `/v1/accounts/${people.account_id}/auth/token`,
          { grant_type: "mfa-oob", otp: person.code() },
          { authorization: `Bearer ${await mfaTokenOf(person)}` },
        ),
    ];
    for (const send of sent) {
      await people.forgetCodes();
      assert.equal((await send()).status, 200, String(send));
    }
  });

  const codeWrong = { status: 401, code: "ONE_TIME_CODE_WRONG" };

  test("works once, whoever shows it again, and one from before it works no more", async () => {
    const person = await somebody();
    const code = person.code();
    const earlier = person.code(-1);
    const [mine, stolen] = [await mfaTokenOf(person), await mfaTokenOf(person)];
    assert.equal((await byCode(mine, code)).status, 200);
    assertRefused(await byCode(stolen, code), codeWrong);
    if (earlier !== code) assertRefused(await byCode(stolen, earlier), codeWrong);
  });

  test("shown twice at the same time signs in once", async () => {
    const person = await somebody();
    const tokens = [await mfaTokenOf(person), await mfaTokenOf(person)];
    const answers = await Promise.all(tokens.map((each) => byCode(each, person.code())));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 401]);
  });

  test("is that of now, the one before or the one after, by the server's clock", async () => {
    const person = await somebody();
    for (const [steps, good] of [
      [-3, false],
      [-1, true],
      [1, true],
      [3, false],
    ] as const) {
      await people.forgetCodes();
      const answer = await byCode(await mfaTokenOf(person), person.code(steps));
      if (good) assert.equal(answer.status, 200, `${steps} steps`);
      else assertRefused(answer, codeWrong);
    }
  });

  test("and a wrong one leave the mfa_token good for a right one; then it is used", async () => {
    const person = await somebody();
    const mfa_token = await mfaTokenOf(person);
    assertRefused(await byCode(mfa_token, wrongCode(person)), codeWrong);
    assert.equal((await byCode(mfa_token, person.code())).status, 200);
    await people.forgetCodes();
    assertRefused(await byCode(mfa_token, person.code()), { status: 401, code: "MFA_TOKEN_INVALID" });
  });

  test("is nothing without an mfa_token that is good: not one of another account, nor after five minutes", async () => {
    const person = await somebody();
    const invalid = { status: 401, code: "MFA_TOKEN_INVALID" };
    assertRefused(await byCode("x".repeat(43), person.code()), invalid);
    const mfa_token = await mfaTokenOf(person);
    const body = { grant_type: "mfa-oob", mfa_token, otp: person.code() };
    assertRefused(await people.ask(body, undefined, "T87654321"), invalid);
    await people.shop.database.sql("UPDATE mfa_tokens SET expires_at = expires_at - interval '5 minutes'");
    assertRefused(await byCode(mfa_token, person.code()), invalid);
    for (const member of ["mfa_token", "otp"]) {
      const answer = await people.ask({ ...body, [member]: undefined });
      assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: member });
    }
  });
});

describe("a refresh token", () => {
  const invalid = { status: 401, code: "REFRESH_TOKEN_INVALID" };

  test("makes a new access token and another refresh token", async () => {
    const first = await people.signIn(await somebody());
    const { status: answered, body } = await byRefresh(first.refresh_token);
    assert.equal(answered, 200);
    const second = body as unknown as Tokens;
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(await status(second, "GET", "/v1/transactions"), 200);
    assert.equal(await status(first, "GET", "/v1/transactions"), 200, "the one before is good until it expires");
  });

  test("that comes a second time ends the whole sign-in, its access tokens too, and no other", async () => {
    const person = await somebody();
    const other = await people.signIn(person);
    const first = await people.signIn(person);
    const second = (await byRefresh(first.refresh_token)).body as unknown as Tokens;
    assertRefused(await byRefresh(first.refresh_token), invalid);
    assertRefused(await byRefresh(second.refresh_token), invalid);
    const { clock, db } = people.shop.app.world;
    const claims = { account_id: people.account_id, client_id: person.id, scopes: ["read:checkout"] };
    const sign_in_id = String(decodeJwt(second.access_token).sign_in_id);
    const anew = new ClientStandings(db, clock);
    assert.match(String(await anew.goodScopes({ ...claims, sign_in_id })), /signed out/);
    assert.equal((await byRefresh(other.refresh_token)).status, 200, "another sign-in goes on");
  });

  test("shown twice at the same time is a second time as well", async () => {
    const { refresh_token } = await people.signIn(await somebody());
    const answers = await Promise.all([byRefresh(refresh_token), byRefresh(refresh_token)]);
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 401]);
    const made = answers.find((answer) => answer.status === 200)?.body as unknown as Tokens;
    assertRefused(await byRefresh(made.refresh_token), invalid);
  });

  test("is good for thirty days from the sign-in, however often it was renewed, and for its account", async () => {
    const { refresh_token } = await people.signIn(await somebody());
    const elsewhere = { grant_type: "refresh_token", refresh_token };
    assertRefused(await people.ask(elsewhere, undefined, "T87654321"), invalid);
    const renewed = (await byRefresh(refresh_token)).body as unknown as Tokens;
    const [row] = await people.shop.database.sql<{ days: string }>(
      "SELECT extract(epoch FROM expires_at - created_at) / 86400 AS days FROM sign_ins ORDER BY created_at DESC LIMIT 1",
    );
    // To the second: the two times are taken one after the other.
    assert.equal(Number(row?.days).toFixed(4), "30.0000");
    await people.shop.database.sql("UPDATE sign_ins SET expires_at = now() - interval '1 second'");
    assertRefused(await byRefresh(renewed.refresh_token), invalid);
    assertRefused(await people.ask({ grant_type: "refresh_token" }), { status: 400, field: "refresh_token" });
  });
});

describe("what a user's token may do", () => {
  const account = () => `/v1/accounts/${people.account_id}`;
  const asks: [what: string, method: string, path: () => string, body: object | undefined, who: Role[]][] = [
    ["read payments", "GET", () => "/v1/transactions", undefined, ["owner", "manager", "cashier", "read_only"]],
    ["sell", "POST", () => "/v1/sessions-profile", {}, ["owner", "manager", "cashier"]],
    ["refund", "POST", () => "/v1/transactions/T12345678.x/refund", {}, ["owner", "manager", "cashier"]],
    ["read terminals", "GET", () => `${account()}/terminals`, undefined, ["owner", "manager", "cashier", "read_only"]],
    ["read stores", "GET", () => `${account()}/stores`, undefined, ["owner", "manager", "read_only"]],
    ["read sellers", "GET", () => `${account()}/payout-destinations`, undefined, ["owner", "manager", "read_only"]],
    ["set up stores", "POST", () => `${account()}/stores`, {}, ["owner", "manager"]],
    ["set up terminals", "POST", () => `${account()}/terminals`, {}, ["owner", "manager"]],
    ["list profiles", "GET", () => "/v1/admin/session/profiles", undefined, ["owner", "manager"]],
    ["see users", "GET", () => `${account()}/users`, undefined, ["owner"]],
    ["invite users", "POST", () => `${account()}/users`, {}, ["owner"]],
    ["see clients", "GET", () => `${account()}/auth/clients`, undefined, ["owner"]],
  ];
  test("follows from the role", async () => {
    for (const role of ["owner", "manager", "cashier", "read_only"] as const) {
      const tokens = await people.signIn(await somebody(role));
      for (const [what, method, path, body, who] of asks) {
        const refused = (await status(tokens, method, path(), body)) === 403;
        assert.equal(!refused, who.includes(role), `${role}: ${what}`);
      }
    }
  });

  test("is what the role is now: another role is true for the tokens that are out, and a removal too", async () => {
    const person = await somebody("cashier");
    const tokens = await people.signIn(person);
    const stores = () => status(tokens, "GET", `${account()}/stores`);
    assert.equal(await stores(), 403);
    await people.manage("PUT", `/users/${person.id}`, { role: "manager" });
    assert.equal(await stores(), 200);
    await people.manage("PUT", `/users/${person.id}`, { role: "read_only" });
    assert.equal(await status(tokens, "POST", "/v1/sessions-profile", {}), 403);
    await people.manage("DELETE", `/users/${person.id}`);
    assert.equal(await stores(), 401);
    assertRefused(await byRefresh(tokens.refresh_token), { status: 401, code: "REFRESH_TOKEN_INVALID" });
  });

  test("is seen anew after half a minute by a process that did not make the change", async () => {
    const person = await somebody("manager");
    const claims = decodeJwt(((await people.signIn(person)) satisfies Tokens).access_token);
    const asked = {
      account_id: people.account_id,
      client_id: person.id,
      scopes: String(claims.scope).split(" "),
      sign_in_id: String(claims.sign_in_id),
    };
    const { world } = people.shop.app;
    let ahead_ms = 0;
    const clock = { ...world.clock, now: () => world.clock.now(), monotonic: () => world.clock.monotonic() + ahead_ms };
    const elsewhere = new ClientStandings(world.db, clock);
    const may = async () => (await elsewhere.goodScopes(asked)).includes("write:accounts");
    assert.equal(await may(), true);
    await people.manage("PUT", `/users/${person.id}`, { role: "cashier" });
    ahead_ms = 30_001;
    assert.equal(await may(), false);
  });

  test("stands on record under the user's id", async () => {
    const person = await somebody("owner");
    const { access_token } = await people.signIn(person);
    const invited = { email: "ny@example.com", role: "cashier" };
    const { body } = await people.manage("POST", "/users", invited, access_token);
    assert.equal(body.created_by, person.id);
    const changes = await people.manage<unknown[]>("GET", `/changes?changed_by=${person.id}`, undefined, access_token);
    assert.equal(changes.body.length, 2, "the invitation they accepted, and the one they made");
  });
});

test("the grant types that are not served are told from those that are", async () => {
  for (const grant_type of ["authorization_code", "account_user_token", "PASSWORD"]) {
    const answer = await people.ask({ grant_type });
    assertRefused(answer, { status: 400, code: "GRANT_TYPE_NOT_SUPPORTED", field: "grant_type" });
    assert.match(answer.body.error.message, /client_credentials, password, mfa-oob and refresh_token/);
  }
});

test("what has run out is forgotten, and what has not is kept", async () => {
  const person = await somebody();
  const tokens = await people.signIn(person);
  await mfaTokenOf(person);
  await people.invite("senere@example.com", "cashier");
  const sweep = sweeps.find(({ name }) => name === "sign-ins");
  assert.ok(sweep !== undefined);
  const counts = async () =>
    Object.values(
      (
        await people.shop.database.sql(
          `SELECT (SELECT count(*) FROM sign_ins)::integer AS a, (SELECT count(*) FROM refresh_tokens)::integer AS b,
             (SELECT count(*) FROM mfa_tokens)::integer AS c, (SELECT count(*) FROM user_invitations)::integer AS d,
             (SELECT count(*) FROM wrong_tries)::integer AS e`,
        )
      )[0] ?? {},
    );
  await sweep.work(people.shop.app.world);
  assert.equal((await byRefresh(tokens.refresh_token)).status, 200);
  assert.ok((await counts()).every((count) => Number(count) > 0));
  await sweep.work(later(people.shop.app.world, 31 * 86_400_000));
  assert.deepEqual(await counts(), [0, 0, 0, 0, 0]);
});

test("the database holds neither a password nor a token of a user", async () => {
  const person = await somebody();
  const mfa_token = await mfaTokenOf(person);
  const { refresh_token, access_token } = await people.signIn(person);
  const invited = await people.invite("hemmelig@example.com", "cashier");
  const tables = await people.shop.database.sql<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const secrets = [password, mfa_token, refresh_token, access_token, invited.invitation.token].flatMap((text) => [
    text,
    Buffer.from(text).toString("hex"),
  ]);
  let seen = "";
  for (const { name } of tables) {
    const rows = await people.shop.database.sql<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM "${name}" AS t`);
    seen += rows.map(({ row }) => row).join("\n");
  }
  assert.ok(seen.includes("hemmelig@example.com"), "the search finds what is there");
  for (const secret of secrets) assert.ok(!seen.includes(secret));
});

test("a refusal of a sign-in repeats nothing that was sent", async () => {
  const answers = [await byPassword("ingen@example.com", "mitt hemmelige ord"), await byCode("min-token", "123456")];
  for (const { body } of answers) {
    assert.doesNotMatch(JSON.stringify(body satisfies ErrorBody), /hemmelige|min-token|123456|ingen@/);
  }
});
