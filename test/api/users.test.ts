/** The users of an account: who is let in, as what, by which link, and who is left when the last ones want to go. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ErrorBody } from "../../src/contract/shapes.ts";
import { tokenOf } from "../support/clients.ts";
import {
  authenticator,
  codeOf,
  type InvitedPerson,
  openPeople,
  type People,
  password,
  secretIn,
  wrongCode,
} from "../support/people.ts";
import type { Answer } from "../support/shop.ts";
import { assertRefused } from "./refusal.ts";

let people: People;
before(async () => {
  people = await openPeople();
});
after(() => people.shop.close());

interface User {
  readonly id: string;
  readonly email: string;
  readonly name?: string;
  readonly role: string;
  readonly status: string;
  readonly created_by: string;
  readonly updated_by?: string;
  readonly deleted_by?: string;
}
interface Page {
  readonly users: User[];
  readonly starting_after?: string;
}

const list = async (query = ""): Promise<Page> => (await people.manage<Page>("GET", `/users${query}`)).body;
const emails = async (query = ""): Promise<string[]> => (await list(query)).users.map(({ email }) => email);
const change = <T = User & ErrorBody>(id: string, body: object): Promise<Answer<T>> =>
  people.manage<T>("PUT", `/users/${id}`, body);
const remove = <T = User & ErrorBody>(id: string): Promise<Answer<T>> => people.manage<T>("DELETE", `/users/${id}`);

interface Change {
  readonly action: string;
  readonly changed_by: string;
  readonly change: Record<string, unknown>;
}
const changesOf = async (id: string): Promise<Change[]> =>
  (await people.manage<Change[]>("GET", `/changes?entity=user&entity_id=${id}&limit=100`)).body;

/** Without users: the account of each test that counts owners. */
const withoutUsers = (): Promise<unknown> =>
  people.shop.database.sql(
    "UPDATE users SET deleted_at = now(), deleted_by = 'test', password_scrypt = NULL, otp_secret = NULL WHERE deleted_at IS NULL",
  );

describe("a user is invited", () => {
  test("to an account that has none yet, and is listed, invited, with the letter ø", async () => {
    assert.deepEqual(await list(), { users: [] });
    const invited = await people.invite("ole@blåbær.example", "owner", "Ole Bøe");
    const { link, token, expires_at } = invited.invitation;
    assert.match(token, /^[0-9A-Za-z]{43}$/);
    assert.equal(link, `${people.shop.app.world.public_url}/invitation#${token}`);
    const days = (Date.parse(expires_at) - people.shop.app.world.clock.now()) / 86_400_000;
    assert.ok(days > 6.99 && days <= 7, String(days));
    const { users } = await list();
    assert.equal(users.length, 1);
    const [user] = users;
    assert.deepEqual(
      [user?.email, user?.name, user?.role, user?.status, user?.created_by],
      ["ole@blåbær.example", "Ole Bøe", "owner", "INVITED", "office"],
    );
    assert.deepEqual((await people.manage("GET", `/users/${invited.id}`)).body, user);
    assert.ok(!JSON.stringify(users).includes(token), "the token is shown once");
  });

  test("once for an email address, however it is written; another account's users are others", async () => {
    await people.invite("Kari.Nordmann@example.com", "cashier");
    for (const email of ["Kari.Nordmann@example.com", "kari.nordmann@EXAMPLE.com"]) {
      const answer = await people.manage("POST", "/users", { email, role: "owner" });
      assertRefused(answer, { status: 409, code: "USER_EXISTS", field: "email" });
    }
    const token = await tokenOf(people.shop, { account_id: "T87654321", client_id: "o", scopes: ["admin:accounts"] });
    const elsewhere = await people.shop.call(
      "POST",
      "/v1/accounts/T87654321/users",
      { email: "kari.nordmann@example.com", role: "owner" },
      { authorization: `Bearer ${token}` },
    );
    assert.equal(elsewhere.status, 200);
  });

  const good = { email: "per@example.com", role: "cashier", name: "Per" };
  const bad: [what: string, body: object, field: string][] = [
    ["without an email address", { ...good, email: undefined }, "email"],
    ["with an empty one", { ...good, email: "" }, "email"],
    ["with none that mail could reach", { ...good, email: "per" }, "email"],
    ["with one that is too long", { ...good, email: `${"p".repeat(250)}@example.com` }, "email"],
    ["without a role", { ...good, role: undefined }, "role"],
    ["with a role that there is not", { ...good, role: "read-only" }, "role"],
    ["with a number for a name", { ...good, name: 7 }, "name"],
    ["with an empty name", { ...good, name: "" }, "name"],
    ["with a password that somebody else has chosen", { ...good, password }, "password"],
  ];
  for (const [what, body, field] of bad) {
    test(`not ${what}: the field is named, and nobody is added`, async () => {
      const before = await emails("?limit=100");
      const answer = await people.manage("POST", "/users", body);
      assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field });
      assert.deepEqual(await emails("?limit=100"), before);
    });
  }
});

describe("the list of users", () => {
  before(async () => {
    await withoutUsers();
    for (const n of [1, 2, 3, 4, 5])
      await people.invite(`kasse${n}@example.com`, n % 2 === 0 ? "cashier" : "read_only");
  });

  test("is walked by pages, newest first, while users come and go", async () => {
    const first = await list("?limit=2");
    assert.deepEqual(
      first.users.map(({ email }) => email),
      ["kasse5@example.com", "kasse4@example.com"],
    );
    await people.invite("kasse6@example.com", "cashier");
    await remove(first.users[1]?.id ?? "");
    const second = await list(`?limit=2&starting_after=${first.starting_after}`);
    assert.deepEqual(
      second.users.map(({ email }) => email),
      ["kasse3@example.com", "kasse2@example.com"],
    );
    const last = await list(`?limit=2&starting_after=${second.starting_after}`);
    assert.deepEqual([last.users[0]?.email, last.starting_after], ["kasse1@example.com", undefined]);
  });

  test("is filtered by role, standing and address", async () => {
    assert.deepEqual(await emails("?role=cashier"), ["kasse6@example.com", "kasse2@example.com"]);
    assert.equal((await emails("?role=cashier,read_only&status=INVITED")).length, 5);
    assert.deepEqual(await emails("?status=ACTIVE"), []);
    assert.deepEqual(await emails("?email=KASSE3@example.com&email=kasse1@example.com"), [
      "kasse3@example.com",
      "kasse1@example.com",
    ]);
  });

  test("tells a cursor that leads nowhere", async () => {
    const answer = await people.manage("GET", "/users?starting_after=user_nobody");
    assertRefused(answer, { status: 400, code: "INVALID_REQUEST_PARAMETER", field: "starting_after" });
  });
});

describe("a user", () => {
  test("is given another role and name, on record; what is the same already is no change", async () => {
    const { id } = await people.invite("rolle@example.com", "cashier", "Åse");
    const { status, body } = await change(id, { role: "manager", name: "Åse Bø" });
    assert.deepEqual([status, body.role, body.name, body.updated_by], [200, "manager", "Åse Bø", "office"]);
    assert.equal((await change(id, { role: "manager" })).status, 200);
    const recorded = await changesOf(id);
    assert.deepEqual(
      recorded.map(({ action }) => action),
      ["updated", "created"],
    );
    assert.deepEqual(recorded[0], {
      ...recorded[0],
      changed_by: "office",
      change: { role: "manager", name: "Åse Bø" },
    });
    for (const [body, field] of [
      [{ role: "boss" }, "role"],
      [{ email: "ny@example.com" }, "email"],
      [{ password }, "password"],
    ] as const) {
      assertRefused(await change<ErrorBody>(id, body), { status: 400, field });
    }
  });

  test("is removed, and is there no more; the address may be invited again, as somebody else", async () => {
    const { id, invitation } = await people.invite("slutt@example.com", "cashier");
    const { status, body } = await remove(id);
    assert.deepEqual([status, body.deleted_by], [200, "office"]);
    const gone = { status: 404, code: "USER_NOT_FOUND" };
    assertRefused(await people.manage("GET", `/users/${id}`), gone);
    assertRefused(await change<ErrorBody>(id, { role: "owner" }), gone);
    assertRefused(await remove<ErrorBody>(id), gone);
    assertRefused(await people.manage("POST", `/users/${id}/invitation`), gone);
    assertRefused(await people.accept(invitation.token, password), { status: 400, code: "INVITATION_INVALID" });
    assert.notEqual((await people.invite("slutt@example.com", "cashier")).id, id);
    const [deleted] = await changesOf(id);
    assert.deepEqual(deleted, {
      ...deleted,
      action: "deleted",
      change: { email: "slutt@example.com", role: "cashier" },
    });
  });
});

describe("the last owner who can sign in", () => {
  const last = { status: 409, code: "LAST_OWNER" };

  test("can neither be removed nor given another role, though others are invited", async () => {
    await withoutUsers();
    const owner = await people.person("eier@example.com", "owner");
    const invited = await people.invite("eier2@example.com", "owner");
    assertRefused(await remove<ErrorBody>(owner.id), last);
    assertRefused(await change<ErrorBody>(owner.id, { role: "manager" }), last);
    assert.equal((await change(owner.id, { name: "Eier" })).status, 200, "a name is no role");
    assert.equal((await remove(invited.id)).status, 200, "an invited one may go");
    const second = await people.person("eier3@example.com", "owner");
    assert.equal((await change(owner.id, { role: "cashier" })).status, 200);
    assertRefused(await remove<ErrorBody>(second.id), last);
  });

  test("of two who remove each other at the same time one stays", async () => {
    await withoutUsers();
    const [one, two] = [await people.person("en@example.com", "owner"), await people.person("to@example.com", "owner")];
    const answers = await Promise.all([remove(one.id), remove(two.id)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    assert.equal((await list("?role=owner")).users.length, 1);
  });

  test("where nobody has accepted yet is the last who is invited", async () => {
    await withoutUsers();
    const [one, two] = [await people.invite("a@example.com", "owner"), await people.invite("b@example.com", "owner")];
    assert.equal((await remove(one.id)).status, 200);
    assertRefused(await remove<ErrorBody>(two.id), last);
  });
});

describe("an invitation", () => {
  const invalid = { status: 400, code: "INVITATION_INVALID" };
  let n = 0;
  const invite = (): Promise<InvitedPerson> => people.invite(`gjest${++n}@example.com`, "cashier");

  test("is accepted with a password and a first right code, which signs the user in", async () => {
    const { id, email, invitation } = await invite();
    const { body } = await people.accept(invitation.token, password);
    assert.deepEqual([body.email, body.user_id, body.account_id], [email, id, people.account_id]);
    assert.match(String(body.otpauth_uri), /^otpauth:\/\/totp\/Tapline:/);
    assert.equal(secretIn(String(body.otpauth_uri)).length, 20);
    assert.equal((await list(`?email=${email}`)).users[0]?.status, "INVITED", "a password alone is nothing yet");
    const code = await authenticator(people, invitation.token);
    const { status, body: tokens } = await people.confirm(invitation.token, code());
    assert.equal(status, 200, JSON.stringify(tokens));
    const sale = await people.shop.call("GET", "/v1/transactions", undefined, {
      authorization: `Bearer ${tokens.access_token}`,
    });
    assert.equal(sale.status, 200);
    assert.equal((await list(`?email=${email}`)).users[0]?.status, "ACTIVE");
    const [accepted] = await changesOf(id);
    assert.deepEqual([accepted?.action, accepted?.changed_by], ["accepted", id]);
  });

  test("is good for one use", async () => {
    const { invitation } = await invite();
    const code = await authenticator(people, invitation.token);
    const answers = await Promise.all([0, 1].map(() => people.confirm(invitation.token, code())));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400]);
    assertRefused(await people.accept(invitation.token, password), invalid);
    assertRefused(await people.confirm(invitation.token, code(1)), invalid);
  });

  test("ends after seven days, and when a new one is made", async () => {
    const { id, invitation } = await invite();
    const again = await people.manage<InvitedPerson>("POST", `/users/${id}/invitation`);
    assertRefused(await people.accept(invitation.token, password), invalid);
    const { token } = again.body.invitation;
    assert.equal((await people.accept(token, password)).status, 200);
    await people.shop.database.sql(
      `UPDATE user_invitations SET created_at = now() - interval '7 days', expires_at = now() - interval '1 second'
       WHERE user_id = $1`,
      [id],
    );
    assertRefused(await people.accept(token, password), invalid);
    assertRefused(await people.confirm(token, "123456"), invalid);
  });

  test("that is accepted twice before a code was shown goes by the second secret and password", async () => {
    const { invitation, email } = await invite();
    const first = await authenticator(people, invitation.token, "den første av to");
    const second = await authenticator(people, invitation.token, "den andre av de to");
    if (first() !== second()) {
      const refused = { status: 401, code: "ONE_TIME_CODE_WRONG" };
      assertRefused(await people.confirm(invitation.token, first()), refused);
    }
    assert.equal((await people.confirm(invitation.token, second())).status, 200);
    const by = (chosen: string) => people.ask({ grant_type: "password", username: email, password: chosen });
    assert.equal((await by("den første av to")).status, 401);
    assert.equal((await by("den andre av de to")).status, 403);
  });

  test("is confirmed with no code before a password was chosen, and with no wrong one", async () => {
    const { invitation } = await invite();
    assertRefused(await people.confirm(invitation.token, "123456"), { status: 400, code: "INVITATION_NOT_ACCEPTED" });
    const code = await authenticator(people, invitation.token);
    for (const otp of [wrongCode({ code }), "", "abcdef", `${code()}0`]) {
      assertRefused(await people.confirm(invitation.token, otp), { status: 401, code: "ONE_TIME_CODE_WRONG" });
    }
    assert.equal((await people.confirm(invitation.token, `${code().slice(0, 3)} ${code().slice(3)}`)).status, 200);
  });

  const passwords: [what: string, chosen: string, status: number][] = [
    ["eleven characters", "elleve tegn", 400],
    ["twelve characters", "tolv av dem!", 200],
    ["eleven of which one is written as two", "elleve tegn".replace("e", "e\u0301"), 400],
    ["two hundred", "x".repeat(200), 200],
    ["two hundred and one", "x".repeat(201), 400],
    ["letters alone, and spaces", "bare bokstaver her", 200],
  ];
  for (const [what, chosen, status] of passwords) {
    test(`takes ${status === 200 ? "a" : "no"} password of ${what}`, async () => {
      const { invitation } = await invite();
      const answer = await people.accept(invitation.token, chosen);
      if (status === 200) assert.equal(answer.status, 200);
      else assertRefused(answer, { status, code: "INVALID_REQUEST_PARAMETER", field: "password" });
    });
  }

  test("for a user who has a password leaves it good until it is accepted, and signs them out everywhere then", async () => {
    const person = await people.person("glemsk@example.com", "owner");
    const before = await people.signIn(person);
    const { body } = await people.manage<InvitedPerson>("POST", `/users/${person.id}/invitation`);
    const reads = async (access_token: string): Promise<number> =>
      (await people.manage("GET", "/users", undefined, access_token)).status;
    const code = await authenticator(people, body.invitation.token, "et nytt passord her");
    assert.equal(await reads(before.access_token), 200);
    await people.signIn(person);
    await people.confirm(body.invitation.token, code());
    assert.equal(await reads(before.access_token), 401);
    const refreshed = await people.ask({ grant_type: "refresh_token", refresh_token: before.refresh_token });
    assertRefused(refreshed, { status: 401, code: "REFRESH_TOKEN_INVALID" });
    const old = await people.ask({ grant_type: "password", username: person.email, password });
    assertRefused(old, { status: 401, code: "INVALID_CREDENTIALS" });
  });
});

test("the record of changes holds neither a token, nor a password, nor a secret for codes", async () => {
  const invited = await people.invite("stille@example.com", "manager");
  const again = await people.manage<InvitedPerson>("POST", `/users/${invited.id}/invitation`);
  const { token } = again.body.invitation;
  const { body } = await people.accept(token, password);
  const secret = secretIn(String(body.otpauth_uri));
  const otp = codeOf(secret, people.shop.app.world.clock.now());
  assert.equal((await people.confirm(token, otp)).status, 200);
  const recorded = await changesOf(invited.id);
  assert.deepEqual(
    recorded.map(({ action }) => action),
    ["accepted", "invited", "created"],
  );
  const text = JSON.stringify(recorded);
  for (const told of [invited.invitation.token, token, password, secret.toString("hex"), secret.toString("base64")]) {
    assert.ok(!text.includes(told));
  }
});
