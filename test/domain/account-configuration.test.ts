import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PaymentOption } from "../../src/contract/profile.ts";
import {
  changedConfiguration,
  inPersonSettings,
  withInPerson,
  withoutCredentials,
} from "../../src/domain/account-configuration.ts";
import { changedMembers, profileContent } from "../../src/domain/profile.ts";
import { Rejection } from "../../src/domain/rejections.ts";

const inPerson = { type: "seitatech.in_person" };
const vipps = { type: "vipps", details: { serial: "1", credentials: { key: "k" } } };

describe("an account's in-person payments", () => {
  const cases: [what: string, options: object[], enabled: boolean, currencies: string[] | null][] = [
    ["are off where they are no option", [vipps], false, null],
    ["are on where they are an option", [vipps, inPerson], true, null],
    [
      "are on in the currencies named, each once",
      [{ ...inPerson, currencies: ["NOK", "SEK", "NOK"] }],
      true,
      ["NOK", "SEK"],
    ],
  ];
  for (const [what, payment_options, in_person_enabled, in_person_currencies] of cases) {
    test(what, () => {
      const settings = inPersonSettings({ payment_options: payment_options as [] });
      assert.deepEqual(settings, { in_person_enabled, in_person_currencies });
    });
  }

  test("are shown as the account's row has them, whatever was kept of them", () => {
    const kept = { payment_options: [{ ...inPerson, currencies: ["NOK"], note: "kept" }, { type: "vipps" }] };
    const off = withInPerson(kept, { in_person_enabled: false, in_person_currencies: null });
    assert.deepEqual(off.payment_options, [{ type: "vipps" }]);
    const on = withInPerson(kept, { in_person_enabled: true, in_person_currencies: ["SEK"] });
    assert.deepEqual(on.payment_options, [{ ...inPerson, note: "kept", currencies: ["SEK"] }, { type: "vipps" }]);
    const all = withInPerson({}, { in_person_enabled: true, in_person_currencies: null });
    assert.deepEqual(all.payment_options, [inPerson]);
  });

  test("twice, or in no currency, contradict themselves", () => {
    for (const payment_options of [[inPerson, inPerson], [{ ...inPerson, currencies: [] }]]) {
      assert.throws(() => inPersonSettings({ payment_options }), Rejection);
    }
  });
});

describe("another provider's credentials", () => {
  test("are kept where they are not sent, and replaced where they are", () => {
    const before = { payment_options: [vipps] };
    const changed: PaymentOption & { details: object } = { type: "vipps", details: { ...{ serial: "2" } } };
    const kept = changedConfiguration(before, { payment_options: [changed] });
    assert.deepEqual(kept.payment_options, [{ type: "vipps", details: { serial: "2", credentials: { key: "k" } } }]);
    const other = { type: "vipps", details: { credentials: { key: "l" } } };
    assert.deepEqual(changedConfiguration(before, { payment_options: [other] }).payment_options, [other]);
    assert.deepEqual(changedConfiguration(before, { payment_options: [] }).payment_options, []);
  });

  test("are not shown, and the rest is", () => {
    const shown = withoutCredentials({ payment_options: [vipps, inPerson] });
    assert.deepEqual(shown.payment_options, [{ type: "vipps", details: { serial: "1" } }, inPerson]);
    assert.deepEqual(withoutCredentials({}), {});
  });
});

describe("what changed of a payment profile", () => {
  const content = (change: object) => profileContent({ description: "a", configuration: {}, ...change });

  test("are the members that became something else, in whatever order theirs stand", () => {
    const before = content({ configuration: { channel: "in_store", theme: { a: 1, b: [1, 2] } }, merchant: undefined });
    const same = content({ configuration: { theme: { b: [1, 2], a: 1 }, channel: "in_store" } });
    assert.deepEqual(changedMembers(before, same), {});
    const other = content({ description: "b", configuration: { theme: { a: 1, b: [2, 1] }, channel: "in_store" } });
    assert.deepEqual(Object.keys(changedMembers(before, other)), ["description", "configuration"]);
  });

  test("says null of one that is gone", () => {
    const merchant = { name: "A", logo_url: "https://a.example.com/" };
    assert.deepEqual(changedMembers(content({ merchant }), content({})), { merchant: null });
  });
});
