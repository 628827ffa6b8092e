import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Obstacles, refusalOf } from "../../src/domain/obstacles.ts";
import type { RejectionCode } from "../../src/domain/rejections.ts";
import { fieldsOf, told } from "./refused.ts";

type Wanted = Parameters<typeof refusalOf>[0];

const wanted: Wanted = {
  kind: "purchase",
  currency: "NOK",
  profile_id: "in-person",
  store_id: "shop-1",
  terminal_id: "T12345678-T0001",
  payout_destination_id: "seller-1",
};

const able = { currencies: ["NOK", "SEK"], kinds: ["purchase", "authorize", "refund"], advice: true };

const clear: Obstacles = {
  in_person_enabled: true,
  profile_revision: 3,
  terminal_status: "ACTIVE",
  terminal_store_id: "shop-1",
  store_status: "ACTIVE",
  store_payout_destination_id: "seller-1",
  case_status: "ACTIVE",
  capabilities: able,
  occupant_kind: null,
  occupant_prompt_kind: null,
  occupant_session_id: null,
  occupant_merchant_reference: null,
};

interface Row {
  readonly guarantee: string;
  readonly wanted?: Partial<Wanted>;
  readonly found: Partial<Obstacles>;
  readonly code: RejectionCode;
  readonly field?: string;
  readonly message: string;
}

const ofTerminal = "order.store.terminal_id";
const ofSeller = "order.store.payout_destination_id";

const rows: Row[] = [
  {
    guarantee: "an account without in-person payments takes none",
    found: { in_person_enabled: false },
    code: "IN_PERSON_NOT_ENABLED",
    message: "In-person payments are not enabled on the account.",
  },
  {
    guarantee: "an account that is not there takes no payments",
    found: { in_person_enabled: null },
    code: "IN_PERSON_NOT_ENABLED",
    message: "In-person payments are not enabled on the account.",
  },
  {
    guarantee: "a profile that has been deleted is not found",
    found: { profile_revision: null },
    code: "PROFILE_NOT_FOUND",
    field: "profile_id",
    message: "There is no payment profile in-person.",
  },
  {
    guarantee: "a store that is not there is unknown",
    found: { store_status: null },
    code: "STORE_UNKNOWN",
    field: "order.store.id",
    message: "There is no store shop-1.",
  },
  {
    guarantee: "a store that was deleted sells nothing",
    found: { store_status: "DELETED" },
    code: "STORE_NOT_ACTIVE",
    field: "order.store.id",
    message: "The store shop-1 is DELETED.",
  },
  {
    guarantee: "a terminal that is not there is unknown",
    found: { terminal_status: null },
    code: "TERMINAL_UNKNOWN",
    field: ofTerminal,
    message: "There is no terminal T12345678-T0001.",
  },
  {
    guarantee: "a terminal that was deleted reads like one that never was",
    found: { terminal_status: "DELETED", terminal_store_id: "shop-2" },
    code: "TERMINAL_UNKNOWN",
    field: ofTerminal,
    message: "There is no terminal T12345678-T0001.",
  },
  {
    guarantee: "a terminal of another store is not linked to this one",
    found: { terminal_store_id: "shop-2" },
    code: "TERMINAL_NOT_LINKED",
    field: ofTerminal,
    message: "The terminal T12345678-T0001 is not linked to the store shop-1.",
  },
  ...["PENDING", "ACTION_REQUIRED", "INACTIVE"].map(
    (terminal_status): Row => ({
      guarantee: `a terminal that is ${terminal_status} takes no payments`,
      found: { terminal_status },
      code: "TERMINAL_NOT_ACTIVE",
      field: ofTerminal,
      message: `The terminal T12345678-T0001 is ${terminal_status} and cannot take payments.`,
    }),
  ),
  {
    guarantee: "a terminal takes no currency that it has not announced",
    wanted: { currency: "JPY" },
    found: {},
    code: "CURRENCY_NOT_TAKEN",
    field: "order.currency",
    message: "The terminal T12345678-T0001 does not take JPY; it takes NOK, SEK.",
  },
  {
    guarantee: "a terminal holds no money for later that has not announced it",
    wanted: { kind: "authorize" },
    found: { capabilities: { ...able, kinds: ["purchase", "refund"] } },
    code: "TERMINAL_CANNOT_AUTHORIZE",
    field: "configuration.auto_capture",
    message: "The terminal T12345678-T0001 cannot authorize now and capture later.",
  },
  {
    guarantee: "a terminal holds no money for later if it cannot tell its host of a capture",
    wanted: { kind: "authorize" },
    found: { capabilities: { ...able, advice: false } },
    code: "TERMINAL_CANNOT_AUTHORIZE",
    field: "configuration.auto_capture",
    message: "The terminal T12345678-T0001 cannot authorize now and capture later.",
  },
  {
    guarantee: "a terminal that was never connected is not trusted with holding money for later",
    wanted: { kind: "authorize" },
    found: { capabilities: null },
    code: "TERMINAL_CANNOT_AUTHORIZE",
    field: "configuration.auto_capture",
    message: "The terminal T12345678-T0001 cannot authorize now and capture later.",
  },
  {
    guarantee: "a seller that is not there is unknown",
    found: { case_status: null },
    code: "PAYOUT_DESTINATION_UNKNOWN",
    field: ofSeller,
    message: "There is no payout destination seller-1.",
  },
  {
    guarantee: "a seller that the store is not linked to is not paid there",
    found: { store_payout_destination_id: "seller-2" },
    code: "PAYOUT_DESTINATION_NOT_LINKED",
    field: ofSeller,
    message: "The payout destination seller-1 is not the one that the store shop-1 is linked to.",
  },
  {
    guarantee: "a store that is linked to no seller pays nobody",
    found: { store_payout_destination_id: null },
    code: "PAYOUT_DESTINATION_NOT_LINKED",
    field: ofSeller,
    message: "The payout destination seller-1 is not the one that the store shop-1 is linked to.",
  },
  ...["UNDER_MANUAL_REVIEW", "WAITING_FOR_SIGNATURE", "DECLINED", "TERMINATED"].map(
    (case_status): Row => ({
      guarantee: `a seller whose case is ${case_status} is not paid`,
      found: { case_status },
      code: "PAYOUT_DESTINATION_NOT_ACTIVE",
      field: ofSeller,
      message: `The payout destination seller-1 is ${case_status} and cannot be paid out to.`,
    }),
  ),
  {
    guarantee: "a terminal that another sale occupies is busy with it",
    found: {
      occupant_kind: "prompt",
      occupant_session_id: "T12345678.open",
      occupant_merchant_reference: "order-16",
    },
    code: "TERMINAL_BUSY",
    field: ofTerminal,
    message: "The terminal T12345678-T0001 is busy with the sale order-16 (session T12345678.open).",
  },
  {
    guarantee: "a terminal that its own housekeeping occupies is busy with that",
    found: { occupant_kind: "operation" },
    code: "TERMINAL_BUSY",
    field: ofTerminal,
    message: "The terminal T12345678-T0001 is busy with an operation.",
  },
  {
    guarantee: "a terminal that takes an approval back is busy with that",
    found: { occupant_kind: "reversal" },
    code: "TERMINAL_BUSY",
    field: ofTerminal,
    message: "The terminal T12345678-T0001 is busy with a reversal.",
  },
];

describe("what stands in the way of a sale", () => {
  for (const { guarantee, wanted: changes, found, code, field, message } of rows) {
    test(guarantee, () => {
      const refusal = refusalOf({ ...wanted, ...changes }, { ...clear, ...found });
      assert.ok(refusal !== undefined);
      assert.equal(told(refusal).code, code);
      assert.deepEqual(fieldsOf(refusal), field === undefined ? [] : [field]);
      assert.equal(refusal.message, message);
    });
  }

  test("a terminal that shows no payments refuses one for what it cannot do", () => {
    const refusal = refusalOf(wanted, { ...clear, capabilities: { ...able, kinds: ["refund"] } });
    assert.notEqual(refusal, undefined);
  });
});

describe("the open sale on a busy terminal", () => {
  test("is named for programs, so that a till finds its own", () => {
    const occupied = {
      occupant_kind: "prompt",
      occupant_session_id: "T12345678.open",
      occupant_merchant_reference: "order-16",
    };
    assert.deepEqual(refusalOf(wanted, { ...clear, ...occupied })?.details, {
      session_id: "T12345678.open",
      merchant_reference: "order-16",
    });
  });
  test("is not named where the terminal is busy with something else", () => {
    assert.deepEqual(refusalOf(wanted, { ...clear, occupant_kind: "operation" })?.details, {});
  });
});

describe("nothing in the way", () => {
  const rows: [Partial<Wanted>, Partial<Obstacles>, string][] = [
    [{}, {}, "a terminal that has become free"],
    [{}, { profile_revision: 4 }, "a profile that has changed meanwhile"],
    [{}, { capabilities: null }, "a purchase on a terminal that was never connected"],
    [{ currency: "JPY" }, { capabilities: null }, "any currency on a terminal that was never connected"],
    [{ currency: "SEK" }, {}, "each currency that the terminal announced"],
    [{ kind: "authorize" }, {}, "money held for later on a terminal that announced it"],
    [{}, { capabilities: { ...able, advice: false } }, "a purchase on a terminal that takes no advice"],
  ];
  for (const [changes, found, what] of rows) {
    test(`${what}: the sale is planned again`, () => {
      assert.equal(refusalOf({ ...wanted, ...changes }, { ...clear, ...found }), undefined);
    });
  }
});

test("of several obstacles the most basic is told, and the most fleeting last", () => {
  // Each row puts one more out of the way, from the first to the last.
  const ladder: [RejectionCode, Partial<Obstacles>][] = [
    ["IN_PERSON_NOT_ENABLED", { in_person_enabled: true }],
    ["PROFILE_NOT_FOUND", { profile_revision: 3 }],
    ["STORE_UNKNOWN", { store_status: "DELETED" }],
    ["STORE_NOT_ACTIVE", { store_status: "ACTIVE" }],
    ["TERMINAL_UNKNOWN", { terminal_status: "PENDING", terminal_store_id: "shop-2" }],
    ["TERMINAL_NOT_LINKED", { terminal_store_id: "shop-1" }],
    ["TERMINAL_NOT_ACTIVE", { terminal_status: "ACTIVE", capabilities: { ...able, currencies: [], advice: false } }],
    ["CURRENCY_NOT_TAKEN", { capabilities: { ...able, advice: false } }],
    ["TERMINAL_CANNOT_AUTHORIZE", { capabilities: able }],
    ["PAYOUT_DESTINATION_UNKNOWN", { case_status: "DECLINED" }],
    ["PAYOUT_DESTINATION_NOT_LINKED", { store_payout_destination_id: "seller-1" }],
    ["PAYOUT_DESTINATION_NOT_ACTIVE", { case_status: "ACTIVE" }],
    ["TERMINAL_BUSY", { occupant_kind: null }],
  ];
  let found: Obstacles = {
    in_person_enabled: false,
    profile_revision: null,
    terminal_status: null,
    terminal_store_id: null,
    store_status: null,
    store_payout_destination_id: null,
    case_status: null,
    capabilities: null,
    occupant_kind: "operation",
    occupant_prompt_kind: null,
    occupant_session_id: null,
    occupant_merchant_reference: null,
  };
  for (const [code, away] of ladder) {
    assert.equal(refusalOf({ ...wanted, kind: "authorize" }, found)?.code, code);
    found = { ...found, ...away };
  }
  assert.equal(refusalOf({ ...wanted, kind: "authorize" }, found), undefined);
});
