/** `tapline account`: the first thing an operator does with a server of their own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CliScene, type Ended, refusal } from "../support/cli-process.ts";
import { makeDatabase, type TestDatabase } from "../support/database.ts";
import { codeOf, secretIn } from "../support/people.ts";

let scene: CliScene;
let database: TestDatabase;
before(async () => {
  scene = await CliScene.open();
  database = await makeDatabase({ migrated: false });
});
after(async () => {
  await scene.close();
  await database.close();
});

const account = (...args: string[]): Promise<Ended> => scene.run(["account", ...args], { DATABASE_URL: database.url });

interface Printed {
  readonly account_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly curl: string;
}

function printed({ code, stdout, stderr }: Ended): Printed[] {
  assert.equal(code, 0, stderr);
  const part =
    /^([TP]\d{8}), for (?:tests: no money moves there|real payments)\n {2}client_id {6}(\S+)\n {2}client_secret {2}(\w{43})\n {2}(curl .*)$/gm;
  return [...stdout.matchAll(part)].map(([, account_id = "", client_id = "", client_secret = "", curl = ""]) => ({
    ...{ account_id, client_id, client_secret, curl },
  }));
}

describe("tapline account create", () => {
  test("makes a test account and a production account, whose clients may do everything, on a server that runs", async () => {
    const server = scene.start(["serve"], { DATABASE_URL: database.url });
    const [line] = await server.said(/^\{.*"Tapline is serving"\}$/m);
    const { address } = JSON.parse(line) as { address: string };
    const settings = { DATABASE_URL: database.url, TAPLINE_PUBLIC_URL: address };
    const args = ["account", "create", "--name", "Kaffe & Kø AS", "--account-id", "12345678"];
    const ended = await scene.run(args, settings);
    assert.equal(ended.stderr, "");
    assert.match(ended.stdout, /^Kaffe & Kø AS has two accounts now/);
    const made = printed(ended);
    assert.deepEqual(
      made.map(({ account_id }) => account_id),
      ["T12345678", "P12345678"],
    );
    assert.notEqual(made[0]?.client_secret, made[1]?.client_secret);
    for (const { account_id, client_id, client_secret, curl } of made) {
      // The line is for a shell; its parts are asked here as curl would ask them.
      const [, url = "", user = "", body = ""] =
        /^curl -s (\S+) -u '(.+)' -H 'content-type: application\/json' -d '(.+)'$/.exec(curl) ?? [];
      assert.equal(user, `${client_id}:${client_secret}`);
      const headers = {
        authorization: `Basic ${Buffer.from(user).toString("base64")}`,
        "content-type": "application/json",
      };
      const answer = await fetch(url, { method: "POST", headers, body });
      const { access_token } = (await answer.json()) as { access_token: string };
      const authorization = `Bearer ${access_token}`;
      for (const path of [
        `/v1/accounts/${account_id}/auth/clients`,
        "/v1/transactions",
        `/v1/accounts/${account_id}/changes`,
      ]) {
        assert.equal((await fetch(address + path, { headers: { authorization } })).status, 200, path);
      }
    }
    const profiles = await database.sql(
      `SELECT account_id, profile_id, configuration->'seitatech'->'in_person'->>'enabled' AS in_person
       FROM payment_profiles ORDER BY account_id`,
    );
    assert.deepEqual(profiles, [
      { account_id: "P12345678", profile_id: "default", in_person: "true" },
      { account_id: "T12345678", profile_id: "default", in_person: "true" },
    ]);
    const enabled = await database.sql("SELECT DISTINCT in_person_enabled FROM accounts");
    assert.deepEqual(enabled, [{ in_person_enabled: true }]);
    const { stdout, stderr } = await server.stop("SIGTERM");
    for (const { client_secret } of made) {
      assert.ok(!`${stdout}${stderr}`.includes(client_secret), "no secret in the server's log");
      const kept = await database.sql("SELECT change::text AS line FROM account_changes");
      assert.ok(kept.length >= 8 && !JSON.stringify(kept).includes(client_secret), "nor in the record");
    }
  });

  test("makes up the digits where none are given", async () => {
    const made = printed(await account("create", "--name", "Bakeri"));
    const [first, second] = made.map(({ account_id }) => account_id);
    assert.match(first ?? "", /^T[1-9]\d{7}$/);
    assert.equal(second, first?.replace("T", "P"));
  });

  test("refuses an id that is taken, whole: of a pair with one free account neither is made", async () => {
    assert.equal(
      refusal(await account("create", "--name", "Second", "--account-id", "12345678")),
      "The account T12345678 is there already: choose another id, or leave it out.",
    );
    await database.sql(
      "INSERT INTO accounts (account_id, name, in_person_enabled, created_at) VALUES ('P22222222', 'Half', true, now())",
    );
    assert.match(
      refusal(await account("create", "--name", "Half", "--account-id", "22222222")),
      /^The account P22222222 is there already/,
    );
    assert.deepEqual(await database.sql("SELECT FROM accounts WHERE account_id = 'T22222222'"), []);
    assert.deepEqual(await database.sql("SELECT FROM api_clients WHERE account_id = 'T22222222'"), []);
  });

  const wrong: [what: string, args: string[], sentence: RegExp][] = [
    ["seven digits", ["--name", "K", "--account-id", "1234567"], /^The account id "1234567" is not eight digits/],
    ["an account's whole id", ["--name", "K", "--account-id", "T1234567"], /is not eight digits/],
    ["an empty name", ["--name", " "], /^The account's name is empty/],
  ];
  for (const [what, args, sentence] of wrong) {
    test(`refuses ${what} in one sentence, and makes nothing`, async () => {
      const before = await database.sql("SELECT account_id FROM accounts ORDER BY 1");
      assert.match(refusal(await account("create", ...args)), sentence);
      assert.deepEqual(await database.sql("SELECT account_id FROM accounts ORDER BY 1"), before);
    });
  }

  test("works before the server was ever started, and the server then knows the account", async () => {
    const [made] = printed(await scene.run(["account", "create", "--name", "Først"]));
    assert.equal(await scene.postgres(), undefined, "the database it started is stopped");
    const server = scene.start(["serve"]);
    const [line] = await server.said(/^\{.*"Tapline is serving"\}$/m);
    const { address } = JSON.parse(line) as { address: string };
    const { account_id = "", client_id, client_secret } = made ?? {};
    const answer = await fetch(`${address}/v1/accounts/${account_id}/auth/token`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ grant_type: "client_credentials", audience: `${address}/v1/accounts/${account_id}` }),
    });
    assert.equal(answer.status, 200);
    const { stdout } = await scene.run(["account", "list"]);
    assert.match(stdout, new RegExp(`^${account_id} .* Først$`, "m"), "beside the running server");
    const another = await scene.run(["account", "create", "--name", "Annen"]);
    assert.equal(printed(another).length, 2, "beside the running server");
    await server.stop("SIGTERM");
  });
});

describe("tapline account create --owner-email", () => {
  test("invites the first owner of both accounts, who accepts on the server", async () => {
    const server = scene.start(["serve"], { DATABASE_URL: database.url });
    const [line] = await server.said(/^\{.*"Tapline is serving"\}$/m);
    const { address } = JSON.parse(line) as { address: string };
    const owner = ["--owner-email", "ole@bøe.example", "--owner-name", "Ole Bøe"];
    const args = ["account", "create", "--name", "Bøe AS", "--account-id", "33333333", ...owner];
    const ended = await scene.run(args, { DATABASE_URL: database.url, TAPLINE_PUBLIC_URL: address });
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    assert.equal(printed(ended).length, 2, "beside the client");
    const links = [...ended.stdout.matchAll(/^ {2}invitation {5}(\S+)#(\w{43})$/gm)];
    assert.deepEqual(
      links.map(([, page]) => page),
      [`${address}/invitation`, `${address}/invitation`],
    );
    assert.match(ended.stdout, /ole@bøe\.example the owner .* docs\/people\.md/);
    const post = async (path: string, body: object) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(address + path, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Record<string, string> };
    };
    for (const [, , token = ""] of links) {
      const accepted = await post("/v1/invitations/accept", { token, password: "riktig hest batteri" });
      assert.equal(accepted.status, 200);
      const otp = codeOf(secretIn(accepted.body.otpauth_uri ?? ""), Date.now());
      const confirmed = await post("/v1/invitations/confirm", { token, otp });
      assert.equal(confirmed.status, 200);
      const authorization = `Bearer ${confirmed.body.access_token}`;
      const users = await fetch(`${address}/v1/accounts/${accepted.body.account_id}/users`, {
        headers: { authorization },
      });
      const [user] = ((await users.json()) as { users: Record<string, string>[] }).users;
      assert.deepEqual([user?.email, user?.name, user?.role], ["ole@bøe.example", "Ole Bøe", "owner"]);
      assert.equal(user?.created_by, "tapline");
    }
    await server.stop("SIGTERM");
  });

  const wrong: [what: string, args: string[], sentence: RegExp][] = [
    ["no email address", ["--owner-email", "ole"], /^"ole" is no email address/],
    ["an empty name of the owner", ["--owner-email", "o@example.com", "--owner-name", ""], /^A user's name has 1 to/],
    ["a name without an address", ["--owner-name", "Ole"], /^--owner-name goes with --owner-email/],
  ];
  for (const [what, args, sentence] of wrong) {
    test(`refuses ${what} in one sentence, and makes nothing`, async () => {
      assert.match(refusal(await account("create", "--name", "K", "--account-id", "44444444", ...args)), sentence);
      assert.deepEqual(await database.sql("SELECT FROM accounts WHERE account_id = 'T44444444'"), []);
    });
  }
});

describe("tapline client renew", () => {
  const renew = (account_id: string, client_id: string): Promise<Ended> =>
    scene.run(["client", "renew", "--account", account_id, "--client", client_id], { DATABASE_URL: database.url });

  test("lets the operator in again where the only administrator's secret is lost, on record", async () => {
    const [lost] = printed(await account("create", "--name", "Glemt AS", "--account-id", "55555555"));
    const server = scene.start(["serve"], { DATABASE_URL: database.url });
    const [line] = await server.said(/^\{.*"Tapline is serving"\}$/m);
    const { address } = JSON.parse(line) as { address: string };
    const status = async (client_secret: string): Promise<number> => {
      const authorization = `Basic ${Buffer.from(`admin:${client_secret}`).toString("base64")}`;
      const body = JSON.stringify({ grant_type: "client_credentials", audience: "x/v1/accounts/T55555555" });
      const headers = { authorization, "content-type": "application/json" };
      return (await fetch(`${address}/v1/accounts/T55555555/auth/token`, { method: "POST", headers, body })).status;
    };
    assert.equal(await status(lost?.client_secret ?? ""), 200);
    const { code, stdout, stderr } = await renew("T55555555", "admin");
    assert.deepEqual([code, stderr], [0, ""]);
    const secret = /^ {2}client_secret {2}(\w{43})$/m.exec(stdout)?.[1] ?? "";
    assert.equal(await status(secret), 200);
    assert.equal(await status(lost?.client_secret ?? ""), 401, "the lost one is good for nothing");
    const recorded = await database.sql<{ changed_by: string; action: string; change: object }>(
      "SELECT changed_by, action, change FROM account_changes WHERE account_id = 'T55555555' ORDER BY id DESC LIMIT 1",
    );
    assert.deepEqual([recorded[0]?.changed_by, recorded[0]?.action], ["tapline", "rotated"]);
    assert.ok(!JSON.stringify(recorded).includes(secret));
    await server.stop("SIGTERM");
  });

  test("says so where there is no such client, or no database, and makes neither", async () => {
    assert.match(
      refusal(await renew("T55555555", "nobody")),
      /^There is no client nobody in account T55555555: the first one is called admin/,
    );
    const nowhere = join(scene.folder, "nowhere-either");
    const args = ["client", "renew", "--account", "T55555555", "--client", "admin"];
    assert.match(refusal(await scene.run(args, { TAPLINE_DATA_DIR: nowhere })), /^There is no database in /);
    assert.equal(existsSync(nowhere), false);
  });
});

describe("tapline account list", () => {
  test("prints each account with its name and what it has, the two of a pair together", async () => {
    const { code, stdout, stderr } = await account("list");
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    const first = lines.findIndex((line) => line.startsWith("T12345678"));
    assert.match(lines[first] ?? "", /^T12345678 {2}\d{4}-\d\d-\d\d {2}1 client, 0 terminals {2}Kaffe & Kø AS$/);
    assert.match(lines[first + 1] ?? "", /^P12345678 .* Kaffe & Kø AS$/);
    assert.doesNotMatch(stdout, /\w{43}/);
  });

  test("says so where there is none, and makes no database where there is none", async () => {
    const bare = await makeDatabase();
    try {
      const { stdout } = await scene.run(["account", "list"], { DATABASE_URL: bare.url });
      assert.match(stdout, /^There is no account yet: tapline account create /);
    } finally {
      await bare.close();
    }
    const nowhere = join(scene.folder, "nowhere");
    assert.match(
      refusal(await scene.run(["account", "list"], { TAPLINE_DATA_DIR: nowhere })),
      /^There is no database in .*nowhere: /,
    );
    assert.equal(existsSync(nowhere), false);
  });
});
