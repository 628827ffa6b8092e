/** What each role may do, who is the last owner, what a password must be, and how long a guesser waits. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientIdProblem } from "../../src/domain/api-client.ts";
import { newId } from "../../src/domain/ids.ts";
import { goodScopesOfUser, keepsAnOwner, type Owner, type Role, roles, scopesOf } from "../../src/domain/role.ts";
import { type Scope, scopes } from "../../src/domain/scopes.ts";
import { emailKey, emailProblem, passwordProblem, userNameProblem } from "../../src/domain/user.ts";
import { tryLimits, waitAfter } from "../../src/domain/wrong-tries.ts";
import { systemRandom } from "../../src/system-environment.ts";

describe("a role", () => {
  const table: [scope: Scope, held_by: Role[]][] = [
    ["admin:accounts", ["owner"]],
    ["admin:hooks", ["owner"]],
    ["admin:checkout", ["owner", "manager"]],
    ["write:accounts", ["owner", "manager"]],
    ["read:accounts", ["owner", "manager", "read_only"]],
    ["write:checkout", ["owner", "manager", "cashier"]],
    ["read:checkout", ["owner", "manager", "cashier", "read_only"]],
    ["write:checkout:/admin/terminals", ["owner", "manager"]],
    ["read:checkout:/admin/terminals", ["owner", "manager", "cashier", "read_only"]],
  ];
  for (const [scope, held_by] of table) {
    test(`with ${scope} is ${held_by.join(", ")}, and no other`, () => {
      assert.deepEqual(
        roles.filter((role) => scopesOf(role).includes(scope)),
        held_by,
      );
    });
  }
  test("of an owner is everything, and that of a reader nothing but reading", () => {
    assert.deepEqual(scopesOf("owner"), scopes);
    for (const scope of scopesOf("read_only")) assert.match(scope, /^read:/);
  });
  test("moves no funds but the owner's", () => {
    for (const role of ["manager", "cashier", "read_only"] as const) {
      assert.deepEqual(
        scopesOf(role).filter((scope) => /payout|fund-transfers/.test(scope)),
        [],
      );
    }
  });
});

describe("a user's token", () => {
  const standing = { role: "cashier", sign_in_ids: ["one"] } as const;
  test("is good for what the role is now, as long as its sign-in lasts and the user is there", () => {
    assert.deepEqual(goodScopesOfUser("one", standing), scopesOf("cashier"));
    assert.match(String(goodScopesOfUser("two", standing)), /signed out/);
    assert.match(String(goodScopesOfUser("one", undefined)), /removed/);
  });
});

describe("an account keeps an owner", () => {
  const active: Owner = { id: "active", is_active: true };
  const invited: Owner = { id: "invited", is_active: false };
  const cases: [what: string, owners: Owner[], goes: string, keeps: boolean][] = [
    ["when somebody goes who is none", [active], "cashier", true],
    ["when one of two goes", [active, { id: "other", is_active: true }], "active", true],
    ["when the only one goes", [active], "active", false],
    ["when the only one who can sign in goes", [active, invited], "active", false],
    ["when one goes who was only invited", [active, invited], "invited", true],
    ["when one of two goes who were only invited", [invited, { id: "other", is_active: false }], "invited", true],
    ["when the last goes who was only invited", [invited], "invited", false],
  ];
  for (const [what, owners, goes, keeps] of cases) {
    test(`${keeps ? "" : "not "}${what}`, () => assert.equal(keepsAnOwner(owners, goes), keeps));
  }
});

test("an email address is one user's however its letters are written", () => {
  assert.equal(emailKey("Bjørn.ÅSE@Example.COM"), "bjørn.åse@example.com");
  assert.equal(emailKey("a\u030Ase@example.com"), emailKey("Åse@example.com"));
});

test("an owner on the command line has an email address and a name of sensible length", () => {
  assert.equal(emailProblem("ole@example.com"), undefined);
  for (const email of ["", "ole", "ole@", "ole bøe@example.com", `${"o".repeat(250)}@example.com`]) {
    assert.match(emailProblem(email) ?? "", /is no email address/);
  }
  assert.equal(userNameProblem("Ole Bøe"), undefined);
  for (const name of ["", "o".repeat(201)]) assert.match(userNameProblem(name) ?? "", /1 to 200/);
});

test("a password's characters are counted as people count them", () => {
  assert.equal(passwordProblem("🐴".repeat(12)), undefined);
  assert.match(passwordProblem("🐴".repeat(11)) ?? "", /at least 12/);
  assert.match(passwordProblem("x".repeat(201)) ?? "", /at most 200/);
  assert.equal(passwordProblem("            "), undefined, "no rule of composition");
});

test("the wait of a guesser doubles from the last free try on, up to its limit", () => {
  const { user_from_address, address } = tryLimits;
  assert.deepEqual(
    [1, 4, 5, 6, 7, 11, 12, 13, 1000].map((wrong) => waitAfter(user_from_address, wrong)),
    [0, 0, 30, 60, 120, 1920, 3600, 3600, 3600],
  );
  assert.deepEqual(
    [49, 50, 54, 55].map((wrong) => waitAfter(address, wrong)),
    [0, 60, 900, 900],
  );
});

test("no client goes by a name of a user's form", () => {
  assert.match(clientIdProblem(newId("user", 0, systemRandom)) ?? "", /user's id/);
  assert.equal(clientIdProblem("user_1"), undefined);
});
