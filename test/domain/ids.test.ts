import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { RandomBytes } from "../../src/domain/environment.ts";
import {
  accountIdPattern,
  checkoutIdsFrom,
  fullTerminalId,
  isTestAccount,
  newCheckoutId,
  newId,
  newSecret,
  newUuid,
} from "../../src/domain/ids.ts";

const inByteOrder = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const timeMax = 62 ** 8 - 1;
const noon = Date.parse("2026-11-22T12:00:00.000Z");

const always =
  (byte: number): RandomBytes =>
  (length) =>
    new Uint8Array(length).fill(byte);

/** Bytes that look random and are the same for the same seed (mulberry32). */
function seeded(seed: number): RandomBytes {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) & 0xff;
    });
}

const anyRandom = fc.integer().map(seeded);
const anyTime = fc.integer({ min: 0, max: timeMax });

test("ids made from a moment on begin no lower than it says, and ids made before it are all lower", () => {
  const anyMoment = fc.integer({ min: 1, max: timeMax });
  fc.assert(
    fc.property(anyMoment, anyTime, anyRandom, (moment, time, random) => {
      const id = newCheckoutId("T12345678", time, random);
      assert.equal(id >= checkoutIdsFrom("T12345678", moment), time >= moment);
    }),
  );
  const first = newCheckoutId("T12345678", 0, always(0));
  assert.ok(checkoutIdsFrom("T12345678", -1) <= first, "before the first of all");
  const last = newCheckoutId("T12345678", timeMax, always(61));
  assert.ok(checkoutIdsFrom("T12345678", timeMax + 7) <= last, "no later than the last of all");
});

describe("the id of a session or a transaction", () => {
  test("is the account, a dot, and 22 letters and digits", () => {
    const anyAccount = fc.stringMatching(new RegExp(accountIdPattern));
    fc.assert(
      fc.property(anyAccount, anyTime, anyRandom, (account_id, now, random) => {
        const id = newCheckoutId(account_id, now, random);
        assert.match(id, /^[PT]\d{8}\.[0-9A-Za-z]{22}$/);
        assert.ok(id.startsWith(`${account_id}.`));
      }),
    );
  });

  test("sorts by its time, whatever is random in it", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyTime, { minLength: 2, maxLength: 2 }), anyRandom, (times, random) => {
        const [early = 0, late = 0] = times.sort((a, b) => a - b);
        const idAt = (now: number) => Buffer.from(newCheckoutId("T12345678", now, random));
        assert.equal(Buffer.compare(idAt(early), idAt(late)), -1);
      }),
    );
  });

  test("carries its time in the first eight letters and digits", () => {
    fc.assert(
      fc.property(anyTime, anyRandom, (now, random) => {
        const digits = newCheckoutId("T12345678", now, random).slice("T12345678.".length, -14);
        const time = Array.from(digits).reduce((sum, digit) => sum * 62 + inByteOrder.indexOf(digit), 0);
        assert.equal(time, now);
      }),
    );
  });

  test("differs from every other of the same millisecond", () => {
    const random = seeded(1);
    const ids = Array.from({ length: 10_000 }, () => newCheckoutId("T12345678", noon, random));
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe("an id of ours alone", () => {
  test("is its prefix, an underscore, and 22 letters and digits", () => {
    fc.assert(
      fc.property(fc.constantFrom("pr", "pub", "pc"), anyTime, anyRandom, (prefix, now, random) => {
        assert.match(newId(prefix, now, random), new RegExp(`^${prefix}_[0-9A-Za-z]{22}$`));
      }),
    );
  });
});

describe("randomness in an id", () => {
  test("favours no letter: of the bytes that count, four stand for each", () => {
    const times = new Map<string, number>();
    for (let byte = 0; byte < 248; byte++) {
      const [letter = "", ...others] = new Set(newSecret(always(byte)));
      assert.deepEqual(others, []);
      times.set(letter, (times.get(letter) ?? 0) + 1);
    }
    assert.deepEqual([...times.keys()].sort(), Array.from(inByteOrder).sort());
    assert.deepEqual(new Set(times.values()), new Set([4]));
  });

  test("passes over the eight bytes that would favour the first letters, and asks for more", () => {
    for (let byte = 248; byte < 256; byte++) {
      let asked = 0;
      const random: RandomBytes = (length) => always(asked++ === 0 ? byte : 61)(length);
      assert.equal(newSecret(random), "z".repeat(43));
      assert.equal(asked, 2);
    }
  });
});

describe("a secret", () => {
  test("is 43 letters and digits, which carry 256 bits", () => {
    fc.assert(fc.property(anyRandom, (random) => assert.match(newSecret(random), /^[0-9A-Za-z]{43}$/)));
    assert.ok(43 * Math.log2(62) >= 256);
  });
});

describe("a request id", () => {
  test("is a UUID of version 4", () => {
    const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    fc.assert(fc.property(anyRandom, (random) => assert.match(newUuid(random), version4)));
  });

  test("is random in every bit but the six that say so", () => {
    assert.equal(newUuid(always(0x00)), "00000000-0000-4000-8000-000000000000");
    assert.equal(newUuid(always(0xff)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  });
});

describe("an account", () => {
  const rows: [string, boolean, boolean][] = [
    ["T12345678", true, true],
    ["P12345678", true, false],
    ["T1234567", false, true],
    ["T123456789", false, true],
    ["X12345678", false, false],
    ["t12345678", false, false],
    ["12345678", false, false],
    ["T12345678\n", false, true],
  ];
  for (const [account_id, valid, is_test] of rows) {
    test(`${JSON.stringify(account_id)} is ${valid ? "" : "not "}an account id`, () => {
      assert.equal(new RegExp(accountIdPattern, "u").test(account_id), valid);
    });
    if (valid) {
      test(`money ${is_test ? "never moves" : "moves"} on ${account_id}`, () => {
        assert.equal(isTestAccount(account_id), is_test);
      });
    }
  }
});

describe("a terminal's id", () => {
  const rows: [string, string, string][] = [
    ["T0292", "T12345678-T0292", "the bare number of older software belongs to the account that asks"],
    ["T12345678-T0292", "T12345678-T0292", "a full id stays as it is"],
    ["T87654321-T0292", "T87654321-T0292", "another account's id is not made one of ours"],
    ["T029", "T029", "three digits are no number of a terminal"],
    ["T02921", "T02921", "five digits are no number of a terminal"],
    ["t0292", "t0292", "a small letter is no number of a terminal"],
    ["", "", "nothing stays nothing"],
  ];
  for (const [asked, full, guarantee] of rows) {
    test(guarantee, () => assert.equal(fullTerminalId("T12345678", asked), full));
  }
});
