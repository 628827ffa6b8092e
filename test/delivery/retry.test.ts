import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { retryAt, schedules, verdictOf, waitAfter_s } from "../../src/delivery/retry.ts";
import type { RandomBytes } from "../../src/domain/environment.ts";

const always =
  (byte: number): RandomBytes =>
  (length) =>
    new Uint8Array(length).fill(byte);

const answered = (status: number) => ({ status, headers: {}, body: "" });

const noon = Date.parse("2026-11-22T12:00:00.000Z");

describe("an answer to a callback", () => {
  const rows: [number, ReturnType<typeof verdictOf>, string][] = [
    [200, "DELIVERED", "OK"],
    [201, "DELIVERED", "created"],
    [204, "DELIVERED", "nothing to say"],
    [299, "DELIVERED", "the last of the good ones"],
    [300, "REFUSED", "a choice of addresses"],
    [301, "REFUSED", "moved: no redirect is followed"],
    [302, "REFUSED", "found elsewhere: no redirect is followed"],
    [307, "REFUSED", "moved for now: no redirect is followed"],
    [400, "REFUSED", "not wanted"],
    [401, "REFUSED", "not allowed"],
    [404, "REFUSED", "not there"],
    [410, "REFUSED", "gone"],
    [429, "REFUSED", "too many"],
    [499, "REFUSED", "the last that means it"],
    [500, "PENDING", "an error, which a plugin answers until its order is stored"],
    [502, "PENDING", "nobody behind the gateway"],
    [503, "PENDING", "not now"],
    [599, "PENDING", "the last of the errors"],
    [100, "PENDING", "no answer yet"],
    [101, "PENDING", "another protocol"],
    [199, "PENDING", "the last that is no answer"],
  ];
  for (const [status, verdict, meaning] of rows) {
    test(`${status}, ${meaning}: ${verdict}`, () => assert.equal(verdictOf("callback", answered(status), 1), verdict));
  }
  test("that never came is waited for again", () => {
    assert.equal(verdictOf("callback", { problem: "no answer within 10 s", refused: false }, 1), "PENDING");
  });
  test("from an address that may not be called is not waited for", () => {
    assert.equal(verdictOf("callback", { problem: "it is a private address.", refused: true }, 1), "REFUSED");
  });
});

describe("after the first failure", () => {
  test("20 more tries are made, and no 21st", () => {
    assert.equal(schedules.callback.waits_s.length, 20);
    for (const answer of [answered(500), { problem: "timeout", refused: false }]) {
      assert.equal(verdictOf("callback", answer, 20), "PENDING");
      assert.equal(verdictOf("callback", answer, 21), "EXHAUSTED");
    }
  });
  test("the last try may still arrive, or be refused", () => {
    assert.equal(verdictOf("callback", answered(200), 21), "DELIVERED");
    assert.equal(verdictOf("callback", answered(404), 21), "REFUSED");
  });
});

describe("the wait before the next try", () => {
  test("is short at first, then doubles up to an hour", () => {
    const waits = Array.from({ length: 20 }, (_, index) => waitAfter_s("callback", index + 1));
    assert.deepEqual(waits, [2, 8, 30, 60, 120, 240, 480, 960, 1920, ...Array(11).fill(3600)]);
  });
  test("never shrinks and is never more than an hour", () => {
    const tries = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(tries, (count) => {
        assert.ok(waitAfter_s("callback", count) <= waitAfter_s("callback", count + 1));
        assert.ok(waitAfter_s("callback", count) <= 3600);
      }),
    );
  });
  test("is up to a tenth shorter or longer, so that many do not come back together", () => {
    assert.equal(retryAt("callback", 3, noon, always(0)), "2026-11-22T12:00:27.000Z");
    assert.equal(retryAt("callback", 3, noon, always(255)), "2026-11-22T12:00:33.000Z");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(255), (count, byte) => {
        const wait_ms = Date.parse(retryAt("callback", count, noon, always(byte))) - noon;
        const plain_ms = waitAfter_s("callback", count) * 1000;
        assert.ok(wait_ms >= plain_ms * 0.9 - 1 && wait_ms <= plain_ms * 1.1, `${wait_ms} for ${plain_ms}`);
      }),
    );
  });
  test("differs with chance", () => {
    const times = new Set(Array.from({ length: 256 }, (_, byte) => retryAt("callback", 10, noon, always(byte))));
    assert.equal(times.size, 256);
  });
});

describe("an answer to a webhook", () => {
  const rows: [number, ReturnType<typeof verdictOf>, string][] = [
    [200, "DELIVERED", "handled"],
    [299, "DELIVERED", "the last of the good ones"],
    [302, "PENDING", "found elsewhere: no redirect is followed, and it counts as a failure"],
    [400, "REFUSED", "stop sending this"],
    [404, "PENDING", "not there, as while a new version is rolled out"],
    [410, "REFUSED", "gone"],
    [500, "PENDING", "send it again"],
  ];
  for (const [status, verdict, meaning] of rows) {
    test(`${status}, ${meaning}: ${verdict}`, () => assert.equal(verdictOf("webhook", answered(status), 1), verdict));
  }
  test("is waited for five times, and no more", () => {
    assert.equal(verdictOf("webhook", answered(500), 4), "PENDING");
    assert.equal(verdictOf("webhook", answered(500), 5), "EXHAUSTED");
    assert.deepEqual(
      [1, 2, 3, 4].map((attempts) => waitAfter_s("webhook", attempts)),
      [5, 30, 120, 600],
    );
  });
});
