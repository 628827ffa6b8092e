import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { retriesMax, retryAt, verdictOf, waitAfter_s } from "../../src/delivery/retry.ts";
import type { RandomBytes } from "../../src/domain/environment.ts";

const always =
  (byte: number): RandomBytes =>
  (length) =>
    new Uint8Array(length).fill(byte);

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
    test(`${status}, ${meaning}: ${verdict}`, () => assert.equal(verdictOf({ status }, 1), verdict));
  }
  test("that never came is waited for again", () => {
    assert.equal(verdictOf({ problem: "no answer within 10 s", refused: false }, 1), "PENDING");
  });
  test("from an address that may not be called is not waited for", () => {
    assert.equal(verdictOf({ problem: "it is a private address.", refused: true }, 1), "REFUSED");
  });
});

describe("after the first failure", () => {
  test("20 more tries are made, and no 21st", () => {
    assert.equal(retriesMax, 20);
    for (const answer of [{ status: 500 }, { problem: "timeout", refused: false }]) {
      assert.equal(verdictOf(answer, 20), "PENDING");
      assert.equal(verdictOf(answer, 21), "EXHAUSTED");
    }
  });
  test("the last try may still arrive, or be refused", () => {
    assert.equal(verdictOf({ status: 200 }, 21), "DELIVERED");
    assert.equal(verdictOf({ status: 404 }, 21), "REFUSED");
  });
});

describe("the wait before the next try", () => {
  test("is short at first, then doubles up to an hour", () => {
    const waits = Array.from({ length: 20 }, (_, index) => waitAfter_s(index + 1));
    assert.deepEqual(waits, [2, 8, 30, 60, 120, 240, 480, 960, 1920, ...Array(11).fill(3600)]);
  });
  test("never shrinks and is never more than an hour", () => {
    const tries = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(tries, (count) => {
        assert.ok(waitAfter_s(count) <= waitAfter_s(count + 1));
        assert.ok(waitAfter_s(count) <= 3600);
      }),
    );
  });
  test("is up to a tenth shorter or longer, so that many do not come back together", () => {
    assert.equal(retryAt(3, noon, always(0)), "2026-11-22T12:00:27.000Z");
    assert.equal(retryAt(3, noon, always(255)), "2026-11-22T12:00:33.000Z");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(255), (count, byte) => {
        const wait_ms = Date.parse(retryAt(count, noon, always(byte))) - noon;
        const plain_ms = waitAfter_s(count) * 1000;
        assert.ok(wait_ms >= plain_ms * 0.9 - 1 && wait_ms <= plain_ms * 1.1, `${wait_ms} for ${plain_ms}`);
      }),
    );
  });
  test("differs with chance", () => {
    const times = new Set(Array.from({ length: 256 }, (_, byte) => retryAt(10, noon, always(byte))));
    assert.equal(times.size, 256);
  });
});
