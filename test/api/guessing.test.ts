/** Guessing at people: who guesses waits longer and longer, and the right person is not kept out for good. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startApp } from "../../src/app.ts";
import type { Role } from "../../src/domain/role.ts";
import { beginTry, type Guess } from "../../src/flows/wrong-try.ts";
import { callerNetwork } from "../../src/http/caller-network.ts";
import { makeLogger } from "../../src/logger.ts";
import { systemClock, systemRandom } from "../../src/system-environment.ts";
import { later } from "../support/honest-shop.ts";
import { authenticator, openPeople, type People, type Person, password, wrongCode } from "../support/people.ts";
import { assertRefused, send } from "./refusal.ts";

let people: People;
before(async () => {
  people = await openPeople();
});
after(() => people.shop.close());

let n = 0;
const somebody = (role: Role = "cashier"): Promise<Person> => people.person(`vakt${++n}@example.com`, role);

const guess = (email: string, from: string, chosen = "et galt passord") =>
  people.ask({ grant_type: "password", username: email, password: chosen }, from);

const tooMany = { status: 429, code: "TOO_MANY_TRIES" };
const waitIn = ({ headers }: { headers: Headers }): number => Number(headers.get("retry-after"));

/** Five that are told they are wrong, then one that is told to wait. */
async function exhaust(ask: () => ReturnType<typeof guess>): Promise<void> {
  for (let count = 1; count <= 5; count++) assert.equal((await ask()).status, 401, `wrong try ${count}`);
  const answer = await ask();
  assertRefused(answer, tooMany);
  assert.ok(waitIn(answer) >= 1 && waitIn(answer) <= 30, String(waitIn(answer)));
}

/** So many wrong tries from strange addresses, without the time that hashing takes. */
async function strangersGuess(user: string, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const address = `203.0.113.${count % 250}`;
    const made: Guess = { of: "password", account_id: people.account_id, user, address, is_known_address: false };
    await beginTry(people.shop.app.world, made);
  }
}

describe("after five wrong passwords for a user from one address", () => {
  test("that address waits, with the right password too; another does not", async () => {
    const person = await somebody();
    await exhaust(() => guess(person.email, "198.51.100.1"));
    assertRefused(await guess(person.email, "198.51.100.1", password), tooMany);
    assert.equal((await guess(person.email, "198.51.100.2", password)).status, 403);
  });

  test("somebody who is not there is answered the same", () =>
    exhaust(() => guess("ingen@example.com", "198.51.100.3")));

  test("each further wrong one doubles the wait, to an hour; after a day without any they are forgotten", async () => {
    const made: Guess = {
      of: "password",
      account_id: people.account_id,
      user: "voksende@example.com",
      address: "198.51.100.4",
      is_known_address: false,
    };
    const { world } = people.shop.app;
    let ahead_ms = 0;
    const wait = async (): Promise<number> =>
      beginTry(later(world, ahead_ms), made).then(
        () => 0,
        ({ facts }) => facts.retry_after_s,
      );
    for (let count = 0; count < 5; count++) assert.equal(await wait(), 0, "five are free");
    for (const expected of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]) {
      const wait_s = await wait();
      assert.ok(wait_s > expected - 2 && wait_s <= expected, `${wait_s} s in the place of ${expected}`);
      ahead_ms += wait_s * 1000;
      assert.equal(await wait(), 0, "one more when the wait is over");
    }
    ahead_ms += 86_400_001;
    for (let count = 0; count < 5; count++) assert.equal(await wait(), 0, "five are free again");
  });

  test("asked of two processes, or all at once, they are no more than five", async () => {
    const { shop } = people;
    const other = await startApp({
      config: { ...shop.config, port: 0 },
      clock: systemClock,
      random: systemRandom,
      logger: makeLogger("error", process.stderr),
      onLost: (problem) => {
        throw problem;
      },
    });
    try {
      const person = await somebody();
      const body = JSON.stringify({ grant_type: "password", username: person.email, password: "et galt passord" });
      const headers = { "content-type": "application/json", "x-forwarded-for": "198.51.100.5" };
      const path = `/v1/accounts/${people.account_id}/auth/token`;
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          send(index % 2 === 0 ? shop : { ...shop, app: other }, { method: "POST", path, headers, body }),
        ),
      );
      assert.equal(answers.filter(({ status }) => status === 401).length, 5);
      assert.equal(answers.filter(({ status }) => status === 429).length, 7);
    } finally {
      await other.close();
    }
  });

  test("a right sign-in makes all five free again", async () => {
    const person = await somebody();
    const from = "198.51.100.6";
    for (let count = 0; count < 4; count++) await guess(person.email, from);
    await people.signIn(person, from);
    await exhaust(() => guess(person.email, from));
  });

  test("an IPv6 network is one address, however many it has", async () => {
    const person = await somebody();
    let host = 0;
    await exhaust(() => guess(person.email, `2001:db8:1:2::${++host}`));
    assert.equal((await guess(person.email, "2001:db8:1:3::1")).status, 401);
  });
});

describe("strangers who guess at a user from many addresses", () => {
  test("wait all together, while the user signs in from where they have signed in before", async () => {
    const person = await somebody();
    await people.signIn(person, "198.51.100.20");
    await strangersGuess(person.email, 50);
    const stranger = await guess(person.email, "198.51.100.21");
    assertRefused(stranger, tooMany);
    assert.ok(waitIn(stranger) <= 60, String(waitIn(stranger)));
    await people.signIn(person, "198.51.100.20");
  });

  test("keep nobody out who has a new invitation: it signs them in, and makes their address a known one", async () => {
    const person = await somebody();
    await strangersGuess(person.email, 50);
    const { body } = await people.manage<{ invitation: { token: string } }>("POST", `/users/${person.id}/invitation`);
    const { token } = body.invitation;
    const code = await authenticator(people, token);
    assert.equal((await people.confirm(token, code(), "198.51.100.30")).status, 200);
    assert.equal((await guess(person.email, "198.51.100.30", password)).status, 403);
    assertRefused(await guess(person.email, "198.51.100.31", password), tooMany);
  });
});

test("after fifty wrong passwords of anybody an address waits for everybody, and for no more than a quarter of an hour", async () => {
  const address = "198.51.100.40";
  for (let count = 0; count < 50; count++) {
    const user = `navn${count}@example.com`;
    const made: Guess = { of: "password", account_id: "T87654321", user, address, is_known_address: false };
    await beginTry(people.shop.app.world, made);
  }
  const person = await somebody();
  const answer = await guess(person.email, address, password);
  assertRefused(answer, tooMany);
  assert.ok(waitIn(answer) <= 60, String(waitIn(answer)));
  assert.equal((await guess(person.email, "198.51.100.41", password)).status, 403);
});

describe("after five wrong one-time codes", () => {
  test("that address waits, with the right code too, whichever mfa_token it has; another does not", async () => {
    const person = await somebody();
    const ask = async (from: string, otp: string) => {
      const { body } = await guess(person.email, from, password);
      return people.ask({ grant_type: "mfa-oob", mfa_token: body.mfa_token, otp }, from);
    };
    await exhaust(() => ask("198.51.100.50", wrongCode(person)));
    assertRefused(await ask("198.51.100.50", person.code()), tooMany);
    assert.equal((await ask("198.51.100.51", person.code())).status, 200);
  });

  test("of an invitation it is so too", async () => {
    const { invitation } = await people.invite("gjetter@example.com", "cashier");
    const code = await authenticator(people, invitation.token);
    await exhaust(() => people.confirm(invitation.token, wrongCode({ code }), "198.51.100.52"));
    assert.equal((await people.confirm(invitation.token, code(), "198.51.100.53")).status, 200);
  });
});

test("after ten wrong invitation tokens an address waits, and the right token is answered all the same", async () => {
  const { invitation } = await people.invite("venter@example.com", "cashier");
  for (let count = 1; count <= 10; count++) {
    assertRefused(await people.accept("x".repeat(43), password), { status: 400, code: "INVITATION_INVALID" });
  }
  const answer = await people.confirm("x".repeat(43), "123456");
  assertRefused(answer, { status: 429, code: "TOO_MANY_ATTEMPTS" });
  assert.ok(waitIn(answer) >= 1 && waitIn(answer) <= 60);
  assert.equal((await people.accept(invitation.token, password)).status, 200);
});

test("a caller is known by one address in whatever spelling, and by an IPv6 network", () => {
  for (const spelled of ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"]) {
    assert.equal(callerNetwork(spelled), "192.0.2.7");
  }
  assert.equal(callerNetwork("2001:DB8:0:1::5"), callerNetwork("2001:db8::1:ffff:0:0:1"));
  assert.notEqual(callerNetwork("2001:db8:0:1::5"), callerNetwork("2001:db8:0:2::5"));
  assert.equal(callerNetwork("unknown"), "unknown");
});

describe("an address that the caller names in X-Forwarded-For", () => {
  test("counts for nothing where no proxy is trusted: it is no way around a wait", async () => {
    const { shop } = people;
    const bare = await startApp({
      config: { ...shop.config, port: 0, trusted_proxies: [] },
      clock: systemClock,
      random: systemRandom,
      logger: makeLogger("error", process.stderr),
      onLost: (problem) => {
        throw problem;
      },
    });
    try {
      const person = await somebody();
      const statuses: number[] = [];
      for (let count = 1; count <= 6; count++) {
        const answer = await send(
          { ...shop, app: bare },
          {
            method: "POST",
            path: `/v1/accounts/${people.account_id}/auth/token`,
            headers: { "content-type": "application/json", "x-forwarded-for": `192.0.2.${count}` },
            body: JSON.stringify({ grant_type: "password", username: person.email, password: "et galt passord" }),
          },
        );
        statuses.push(answer.status);
      }
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
    } finally {
      await bare.close();
    }
  });

  test("counts from the right, as far as proxies are trusted: what a stranger wrote before it is not believed", async () => {
    const person = await somebody();
    let made_up = 0;
    await exhaust(() => guess(person.email, `192.0.2.${++made_up}, 198.51.100.60`));
  });
});
