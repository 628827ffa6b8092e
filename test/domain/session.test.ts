import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Configuration, CreateSessionFromProfile } from "../../src/contract/session.ts";
import type { Order, OrderItem } from "../../src/contract/shapes.ts";
import type { RejectionCode } from "../../src/domain/rejections.ts";
import {
  enabledMethods,
  isTerminalPush,
  override,
  type PaymentPlan,
  planSession,
  presentWithin_ms,
  type SaleRules,
  type SessionPlan,
  sessionLife_ms,
} from "../../src/domain/session.ts";
import { fieldsOf, refused } from "./refused.ts";

const account_id = "T12345678";
const now = Date.parse("2026-11-22T12:00:00.000Z");
const minute_ms = 60_000;

/** Members that the contract does not name are kept all the same, so any object is a configuration. */
const configured = (members: object): Configuration => members as Configuration;

const inPersonAlone = configured({
  seitatech: { type: "payment_type", in_person: { type: "payment_product_type", enabled: true } },
});

const rules: SaleRules = {
  strict_amounts: false,
  allow_mixed_methods: false,
  present_within_ms: presentWithin_ms,
  callbackRefusal: (url) => (url.startsWith("https:") ? undefined : "only HTTPS is delivered to."),
};

const store = { id: "shop-1", terminal_id: "T12345678-T0001", payout_destination_id: "seller-1" };
const order: Order = { amount: 39900, currency: "NOK", merchant_reference: "order-17", store };

type Changes = Partial<CreateSessionFromProfile>;

const asked = (changes: Changes = {}): CreateSessionFromProfile => ({
  profile_id: "in-person",
  url: { return_url: "https://shop.example/return" },
  order,
  ...changes,
});

const ordering = (changes: Partial<Order>): Changes => ({ order: { ...order, ...changes } });

type SalePlan = SessionPlan & PaymentPlan;

const planned = (changes: Changes = {}, profile = inPersonAlone, changedRules: Partial<SaleRules> = {}): SessionPlan =>
  planSession(account_id, asked(changes), profile, { ...rules, ...changedRules }, now);

/** A session whose payment starts by itself: its plan and its payment's, side by side. */
function plan(...given: Parameters<typeof planned>): SalePlan {
  const { payment, ...session } = planned(...given);
  assert.ok(payment, "the payment starts by itself");
  return { ...session, ...payment };
}

interface Refusal {
  readonly code: RejectionCode;
  readonly field: string;
}

function assertRefused(work: () => unknown, { code, field }: Refusal): string {
  const rejection = refused(work);
  assert.equal(rejection.code, code);
  assert.deepEqual(fieldsOf(rejection), [field]);
  return rejection.message;
}

describe("an ordinary sale", () => {
  test("is planned with what in-person payments take for granted", () => {
    assert.deepEqual(plan(), {
      kind: "purchase",
      store_id: "shop-1",
      terminal_id: "T12345678-T0001",
      payout_destination_id: "seller-1",
      configuration: { ...inPersonAlone, auto_capture: true },
      channel: "in_store",
      expires_at: now + 24 * 60 * minute_ms,
      deadline_at: now + 2 * minute_ms,
    });
  });

  test("may name its terminal by the bare number of older software", () => {
    const { terminal_id } = plan(ordering({ store: { ...store, terminal_id: "T0001" } }));
    assert.equal(terminal_id, "T12345678-T0001");
  });
});

describe("capture", () => {
  const rows: [boolean | undefined, boolean | undefined, "purchase" | "authorize", string][] = [
    [undefined, undefined, "purchase", "unless somebody says otherwise, the terminal captures at once"],
    [true, undefined, "purchase", "the profile may say that the terminal captures at once"],
    [false, undefined, "authorize", "the profile may hold the money for later"],
    [undefined, false, "authorize", "the request may hold the money for later"],
    [false, true, "purchase", "the request may capture at once though the profile holds"],
    [true, false, "authorize", "the request may hold though the profile captures at once"],
  ];
  const capturing = (auto_capture: boolean | undefined) => (auto_capture === undefined ? {} : { auto_capture });
  for (const [ofProfile, ofRequest, kind, guarantee] of rows) {
    test(guarantee, () => {
      const planned = plan({ configuration: capturing(ofRequest) }, { ...inPersonAlone, ...capturing(ofProfile) });
      assert.equal(planned.kind, kind);
      assert.equal(planned.configuration.auto_capture, kind === "purchase", "the session says which it was");
    });
  }
});

describe("the channel", () => {
  const rows: [Configuration, Configuration, SalePlan["channel"]][] = [
    [{}, {}, "in_store"],
    [{ channel: "in_app" }, {}, "in_app"],
    [{}, { channel: "ecommerce" }, "ecommerce"],
    [{ channel: "ecommerce" }, { channel: "in_store" }, "in_store"],
  ];
  for (const [profile, request, channel] of rows) {
    test(`is ${channel} with ${JSON.stringify(profile)} in the profile and ${JSON.stringify(request)} asked for`, () => {
      assert.equal(plan({ configuration: request }, { ...inPersonAlone, ...profile }).channel, channel);
    });
  }
});

describe("the profile's configuration", () => {
  const rows: [object, object, object, string][] = [
    [{ a: 1 }, {}, { a: 1 }, "stands where the request says nothing"],
    [{ a: 1 }, { a: 2 }, { a: 2 }, "gives way to the request"],
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }, "is added to by the request"],
    [
      { a: { b: 1, c: 1 } },
      { a: { c: 2 } },
      { a: { b: 1, c: 2 } },
      "keeps the members of an object that are not named",
    ],
    [{ a: { b: { c: 1, d: 1 } } }, { a: { b: { d: 2 } } }, { a: { b: { c: 1, d: 2 } } }, "is merged however deep"],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }, "has its lists replaced, not merged"],
    [{ a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }, "has a list replaced by an object"],
    [{ a: { b: 1 } }, { a: [1] }, { a: [1] }, "has an object replaced by a list"],
    [{ a: { b: 1 } }, { a: "text" }, { a: "text" }, "has an object replaced by a text"],
    [{ a: "text" }, { a: { b: 1 } }, { a: { b: 1 } }, "has a text replaced by an object"],
    [{ a: true }, { a: false }, { a: false }, "gives way to a no"],
  ];
  for (const [profile, request, merged, guarantee] of rows) {
    test(guarantee, () => assert.deepEqual(override(profile, request), merged));
  }

  test("is not changed itself, for the next sale reads it again", () => {
    const profile = { a: { b: 1 }, list: [1] };
    const before = structuredClone(profile);
    override(profile, { a: { b: 2, c: 3 }, list: [2], d: 4 });
    assert.deepEqual(profile, before);
  });

  const anyConfiguration = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.oneof(
      fc.integer(),
      fc.array(fc.integer()),
      fc.dictionary(fc.constantFrom("a", "b"), fc.integer(), { noNullPrototype: true }),
    ),
    { noNullPrototype: true },
  );

  test("gives way wherever the request says something, and nowhere else", () => {
    fc.assert(
      fc.property(anyConfiguration, anyConfiguration, (profile, request) => {
        const merged = override(profile, request);
        assert.deepEqual(override(merged, request), merged, "asking twice changes nothing");
        assert.deepEqual(override(profile, {}), profile);
        assert.deepEqual(override({}, request), request);
        assert.deepEqual(new Set(Object.keys(merged)), new Set([...Object.keys(profile), ...Object.keys(request)]));
      }),
    );
  });

  test("reaches the session with what the contract does not name", () => {
    const { configuration } = plan(
      { configuration: configured({ theme: { primary: "red" } }) },
      configured({ ...inPersonAlone, theme: { primary: "blue", cardRadius: 4 }, partner: { code: "x" } }),
    );
    assert.deepEqual(configuration, {
      ...inPersonAlone,
      auto_capture: true,
      theme: { primary: "red", cardRadius: 4 },
      partner: { code: "x" },
    });
  });
});

describe("the methods of a session", () => {
  const inPerson = "seitatech.in_person";
  const taken: [object, string][] = [
    [{ seitatech: { in_person: { enabled: true } } }, "in person by its own switch"],
    [{ active_payment_types: { enabled: true } }, "in person as the account's only method"],
    [
      { active_payment_types: { enabled: true }, seitatech: { in_person: { enabled: true } } },
      "in person by both, counted once",
    ],
    [
      { seitatech: { in_person: { enabled: true } }, vipps: { payments: { enabled: false } } },
      "in person beside a method that is off",
    ],
    [
      { seitatech: { in_person: { enabled: true } }, vipps: { type: "payment_type", enabled: false } },
      "in person beside a provider that is off",
    ],
    [
      {
        seitatech: { in_person: { enabled: true } },
        discounts: { codes: { enabled: true } },
        payout: { enabled: true },
      },
      "in person beside settings that are no methods",
    ],
    [
      { seitatech: { in_person: { enabled: true } }, default_payment_type: "vipps", countries: ["NO"] },
      "in person beside texts and lists",
    ],
  ];
  for (const [configuration, what] of taken) {
    test(what, () => {
      assert.deepEqual(enabledMethods(configured(configuration)), [inPerson]);
      assert.equal(plan({}, configured(configuration)).kind, "purchase");
    });
  }

  const mixed: [object, string][] = [
    [{ vipps: { payments: { enabled: true } } }, "vipps.payments"],
    [{ vipps: { enabled: true } }, "vipps"],
    [{ payex: { creditcard: { enabled: true }, swish: { enabled: true } } }, "payex.creditcard, payex.swish"],
    [{ seitatech: { in_person: { enabled: true }, online: { enabled: true } } }, "seitatech.online"],
    [{ newcomer: { type: "payment_type", card: { enabled: true } } }, "newcomer.card"],
    [{ active_payment_types: { enabled: true }, klarna: { klarna: { enabled: true } } }, "klarna.klarna"],
  ];
  for (const [configuration, methods] of mixed) {
    test(`in person goes with no other: ${methods} is refused`, () => {
      const message = assertRefused(() => plan({}, configured({ ...inPersonAlone, ...configuration })), {
        code: "OTHER_METHODS_ENABLED",
        field: "configuration",
      });
      assert.ok(message.endsWith(`also enabled: ${methods}.`), message);
    });
  }

  const providers =
    "bambora dintero dintero_psp instabank netaxept payex vipps collector klarna kravia two santander swish".split(" ");
  for (const provider of providers) {
    test(`${provider} beside in person is refused though its configuration does not say what it is`, () => {
      const configuration = configured({ ...inPersonAlone, [provider]: { product: { enabled: true } } });
      assertRefused(() => plan({}, configuration), { code: "OTHER_METHODS_ENABLED", field: "configuration" });
    });
  }

  const none: [object, string][] = [
    [{}, "a profile that enables nothing"],
    [{ seitatech: { in_person: { enabled: false } } }, "in person switched off"],
    [{ seitatech: { in_person: {} } }, "in person not switched on"],
    [{ seitatech: { type: "payment_type", enabled: true } }, "a provider switched on without its method"],
    [{ active_payment_types: { enabled: false } }, "the account's methods switched off"],
  ];
  for (const [configuration, what] of none) {
    test(`${what} is nothing to pay with`, () => {
      assertRefused(() => plan({}, configured(configuration)), { code: "NO_METHOD_ENABLED", field: "profile_id" });
    });
  }

  test("the request may switch in person on where the profile does not", () => {
    assert.equal(plan({ configuration: inPersonAlone }, {}).kind, "purchase");
  });

  test("the request may switch in person off", () => {
    const off = configured({ seitatech: { in_person: { enabled: false } } });
    assertRefused(() => plan({ configuration: off }), { code: "NO_METHOD_ENABLED", field: "profile_id" });
  });

  test("the request may switch another method of the profile off", () => {
    const profile = configured({ ...inPersonAlone, vipps: { payments: { enabled: true } } });
    const off = configured({ vipps: { payments: { enabled: false } } });
    assert.equal(plan({ configuration: off }, profile).kind, "purchase");
  });
});

describe("store, terminal and seller are named together", () => {
  const { id, terminal_id, payout_destination_id } = store;
  const rows: [Order["store"], string[]][] = [
    [undefined, ["id", "terminal_id", "payout_destination_id"]],
    [{}, ["id", "terminal_id", "payout_destination_id"]],
    [{ terminal_id, payout_destination_id }, ["id"]],
    [{ id, payout_destination_id }, ["terminal_id"]],
    [{ id, terminal_id }, ["payout_destination_id"]],
    [{ id }, ["terminal_id", "payout_destination_id"]],
    [{ terminal_id }, ["id", "payout_destination_id"]],
    [{ payout_destination_id }, ["id", "terminal_id"]],
    [{ id: "", terminal_id: "", payout_destination_id: "" }, ["id", "terminal_id", "payout_destination_id"]],
    [{ ...store, terminal_id: "" }, ["terminal_id"]],
  ];
  for (const [given, missing] of rows) {
    const named = missing.map((name) => `order.store.${name}`);
    test(`${JSON.stringify(given) ?? "no store"} is refused: ${named.join(", ")}`, () => {
      const { store: _, ...bare } = order;
      const message = assertRefused(() => plan({ order: given === undefined ? bare : { ...bare, store: given } }), {
        code: "STORE_FIELD_MISSING",
        field: named[0] ?? "",
      });
      assert.ok(message.endsWith(`missing: ${named.join(", ")}.`), message);
    });
  }

  test("the seller of the order is not the seller of the store", () => {
    const { payout_destination_id: _, ...rest } = store;
    assertRefused(() => plan(ordering({ payout_destination_id: "seller-1", store: rest })), {
      code: "STORE_FIELD_MISSING",
      field: "order.store.payout_destination_id",
    });
  });
});

describe("the currency", () => {
  for (const currency of ["NOK", "JPY", "KWD", "EUR"]) {
    test(`${currency} is taken`, () => assert.equal(plan(ordering({ currency })).kind, "purchase"));
  }
  for (const currency of ["ABC", "nok", "NO", "NOKK", "578", "XXX"]) {
    test(`${currency} is no currency`, () => {
      const refusal = { code: "CURRENCY_UNKNOWN", field: "order.currency" } as const;
      assertRefused(() => plan(ordering({ currency })), refusal);
    });
  }
});

describe("the lines of an order", () => {
  const lines = (...line_ids: (string | undefined)[]): OrderItem[] =>
    line_ids.map((line_id) => (line_id === undefined ? { amount: 1 } : { amount: 1, line_id }));
  const taken: [OrderItem[], string][] = [
    [[], "none at all"],
    [lines("1", "2", "3"), "each with an id of its own"],
    [lines(undefined, undefined), "several without an id"],
    [lines("", ""), "several with an empty id"],
    [lines("1", "01", "a", "A"), "ids that differ by a zero or a capital"],
  ];
  for (const [items, what] of taken) {
    test(`${what}: taken`, () => assert.equal(plan(ordering({ items })).kind, "purchase"));
  }
  const repeated: [OrderItem[], number][] = [
    [lines("1", "1"), 1],
    [lines("1", "2", "1"), 2],
    [lines("x", undefined, "", "x"), 3],
  ];
  for (const [items, index] of repeated) {
    test(`an id that stands on two lines is refused at line ${index}`, () => {
      const field = `order.items.${index}.line_id`;
      assertRefused(() => plan(ordering({ items })), { code: "DUPLICATE_LINE_ID", field });
    });
  }
});

describe("amounts that must add up", () => {
  const shipping = (amount: number) => ({ id: "post", line_id: "ship", amount, title: "Post", operator: "Posten" });
  const lines = (...amounts: number[]): OrderItem[] => amounts.map((amount) => ({ amount }));
  interface Case {
    readonly amount: number;
    readonly items?: OrderItem[];
    readonly shipping?: number;
    readonly partial_payment?: boolean;
  }
  const rows: [Case, boolean, string][] = [
    [{ amount: 300, items: lines(100, 200) }, true, "the lines make the amount"],
    [{ amount: 300, items: lines(100), shipping: 200 }, true, "lines and shipping make the amount"],
    [{ amount: 200, items: lines(), shipping: 200 }, true, "shipping alone makes the amount"],
    [{ amount: 250, items: lines(300, -50) }, true, "a discount line counts"],
    [{ amount: 300, items: [...lines(300), {}] }, true, "a line without an amount counts nothing"],
    [{ amount: 300 }, true, "an order without lines has nothing to add up"],
    [{ amount: 300, items: [] }, true, "an empty list of lines has nothing to add up"],
    [{ amount: 301, items: lines(100, 200) }, false, "one øre too much"],
    [{ amount: 299, items: lines(100, 200) }, false, "one øre too little"],
    [{ amount: 300, items: lines(300), shipping: 1 }, false, "shipping forgotten"],
    [{ amount: 300, items: [{}] }, false, "a line without an amount is no sum"],
    [{ amount: 299, items: lines(300), partial_payment: true }, true, "a part of the order is paid here"],
    [{ amount: 300, items: lines(300), partial_payment: true }, true, "all of the order may be paid as a part"],
    [{ amount: 301, items: lines(300), partial_payment: true }, false, "more than the order is no part of it"],
    [{ amount: 299, items: lines(300), partial_payment: false }, false, "no part where none is announced"],
  ];
  for (const [{ amount, items, shipping: shipped, partial_payment }, adds_up, guarantee] of rows) {
    const changes = ordering({
      amount,
      ...(items === undefined ? {} : { items }),
      ...(shipped === undefined ? {} : { shipping_option: shipping(shipped) }),
      ...(partial_payment === undefined ? {} : { partial_payment }),
    });
    test(`${guarantee}: ${adds_up ? "taken" : "refused"} where the caller asked for exact amounts`, () => {
      const strictly = () => plan(changes, inPersonAlone, { strict_amounts: true });
      if (adds_up) assert.equal(strictly().kind, "purchase");
      else assertRefused(strictly, { code: "AMOUNT_MISMATCH", field: "order.amount" });
    });
    test(`${guarantee}: taken where nobody asked for exact amounts`, () => {
      assert.equal(plan(changes).kind, "purchase");
    });
  }

  test("the refusal says both amounts", () => {
    const { message } = refused(() =>
      plan(ordering({ amount: 301, items: lines(100, 200) }), inPersonAlone, { strict_amounts: true }),
    );
    assert.equal(message, "order.amount is 301, but the items and the shipping option add up to 300.");
  });
});

describe("the merchant's own metadata", () => {
  const reserved = [
    ..."dintero merchant session event payout gateway bambora collector instabank klarna kravia".split(" "),
    ..."netaxept payex santander swish vipps".split(" "),
  ];
  for (const prefix of reserved) {
    test(`a key that begins with ${prefix} is refused`, () => {
      for (const key of [prefix, `${prefix}:id`, `${prefix}_id`, `${prefix}.id`]) {
        const refusal = { code: "METADATA_KEY_RESERVED", field: `metadata.${key}` } as const;
        const message = assertRefused(() => plan({ metadata: { ext_a: "b", [key]: 1 } }), refusal);
        assert.ok(message.includes(`reserved prefix ${prefix}.`), message);
      }
    });
  }
  for (const key of ["ext_order", "order", "eventual", "sessions", "swishy", "my_session", "table 4", ""]) {
    test(`the key ${JSON.stringify(key)} is the merchant's`, () => {
      assert.equal(plan({ metadata: { [key]: "4" } }).kind, "purchase");
    });
  }
});

describe("splits that come at capture", () => {
  const items: OrderItem[] = [{ amount: 39900, splits: [] }];
  const whole: OrderItem[] = [{ splits: [{ payout_destination_id: "seller-1", amount: 39900 }] }, { amount: 1 }];

  test("do not go with a terminal that captures at once", () => {
    const refusal = { code: "SPLITS_MISSING", field: "order.items.1.splits" } as const;
    assertRefused(() => plan(ordering({ items: [{ amount: 1 }, ...items] })), refusal);
  });
  test("go with money that is held for later", () => {
    assert.equal(plan({ ...ordering({ items }), configuration: { auto_capture: false } }).kind, "authorize");
  });
  test("are not meant where the order brings its splits, or none", () => {
    assert.equal(plan(ordering({ items: whole })).kind, "purchase");
  });
});

describe("the end of a session", () => {
  const rows: [string | undefined, number, number, string][] = [
    [undefined, sessionLife_ms, presentWithin_ms, "without one, a day; the prompt's two minutes come first"],
    ["2026-11-22T13:00:00.000Z", 60 * minute_ms, presentWithin_ms, "an hour; the prompt's two minutes come first"],
    ["2026-11-22T12:01:00.000Z", minute_ms, minute_ms, "a minute, which is the prompt's too"],
    ["2026-11-22T12:00:00.001Z", 1, 1, "the least to come is enough"],
    ["2026-11-22T14:00:00+01:00", 60 * minute_ms, presentWithin_ms, "an hour, told in another zone"],
  ];
  for (const [expires_at, life_ms, present_ms, guarantee] of rows) {
    test(guarantee, () => {
      const planned = plan(expires_at === undefined ? {} : { expires_at });
      assert.equal(planned.expires_at, now + life_ms);
      assert.equal(planned.deadline_at, now + present_ms);
    });
  }

  for (const expires_at of ["2026-11-22T12:00:00.000Z", "2026-11-22T11:59:59.999Z", "2026-11-22T12:30:00+01:00"]) {
    test(`${expires_at} has passed at noon`, () => {
      const message = assertRefused(() => plan({ expires_at }), { code: "EXPIRES_AT_PASSED", field: "expires_at" });
      assert.ok(message.includes(expires_at), message);
    });
  }

  test("a card may be presented for as long as the operator set", () => {
    assert.equal(plan({}, inPersonAlone, { present_within_ms: 5_000 }).deadline_at, now + 5_000);
  });

  test("is a moment that can be written down, or is refused", () => {
    // Every one of them passes for a date-time at the door: a leap second, an hour's offset, and the year 10000.
    for (const expires_at of ["2026-12-31T23:59:60Z", "2027-01-01T00:00:00+01", "9999-12-31T23:59:59-23:59"]) {
      let session: SalePlan;
      try {
        session = plan({ expires_at });
      } catch {
        assert.deepEqual(fieldsOf(refused(() => plan({ expires_at }))), ["expires_at"]);
        continue;
      }
      assert.match(new Date(session.expires_at).toISOString(), /^\d{4}-/, expires_at);
    }
  });
});

describe("the callback's address", () => {
  const calling = (callback_url: string) => ({ url: { return_url: "https://shop.example/return", callback_url } });
  test("is looked at before the sale is made", () => {
    const callback_url = "http://10.0.0.1/callback";
    const refusal = { code: "CALLBACK_ADDRESS_REFUSED", field: "url.callback_url" } as const;
    const message = assertRefused(() => plan(calling(callback_url)), refusal);
    assert.equal(message, `Callbacks cannot be sent to ${callback_url}: only HTTPS is delivered to.`);
  });
  test("may be one that can be called", () => {
    assert.equal(plan(calling("https://shop.example/callback")).kind, "purchase");
  });
  test("may be left out or empty, and then is not looked at", () => {
    const callbackRefusal = () => assert.fail("there is nothing to look at");
    assert.equal(plan({}, inPersonAlone, { callbackRefusal }).kind, "purchase");
    assert.equal(plan(calling(""), inPersonAlone, { callbackRefusal }).kind, "purchase");
  });
});

describe("an instruction to push to a terminal", () => {
  const rows: [string | undefined, string | undefined, boolean][] = [
    ["terminal", "push", true],
    ["push", "terminal", true],
    ["terminal", "terminal", false],
    ["push", "push", false],
    ["sms", "checkout-link", false],
    ["push", "app", false],
    ["terminal", undefined, false],
    [undefined, "push", false],
    [undefined, undefined, false],
  ];
  for (const [channel, type, pushes] of rows) {
    test(`${channel}/${type} ${pushes ? "is" : "is not"} one`, () => {
      const entry = { ...(channel === undefined ? {} : { channel }), ...(type === undefined ? {} : { type }) };
      assert.equal(isTerminalPush(entry), pushes);
    });
  }
});

describe("other methods beside in-person payments", () => {
  const beside = configured({
    ...inPersonAlone,
    vipps: { type: "payment_type", ecommerce: { type: "payment_product_type", enabled: true } },
  });
  const allowed = { allow_mixed_methods: true };

  test("are refused unless the account allows them", () => {
    assertRefused(() => planned({}, beside), { code: "OTHER_METHODS_ENABLED", field: "configuration" });
  });
  test("leave the payment to be started by a call of its own where the account allows them", () => {
    assert.equal(planned({}, beside, allowed).payment, undefined);
  });
  test("let the payment start by itself where an entry of publish pushes it to the terminal", () => {
    const pushed = configured({ ...beside, publish: [{ channel: "push", type: "terminal" }] });
    assert.equal(planned({}, pushed, allowed).payment?.kind, "purchase");
  });
  test("need no terminal before the payment starts", () => {
    assert.equal(planned(ordering({ store: { id: "shop-1" } }), beside, allowed).payment, undefined);
  });
  test("do not stand in for in-person payments", () => {
    const vippsAlone = configured({ vipps: { type: "payment_type", ecommerce: { enabled: true } } });
    assertRefused(() => planned({}, vippsAlone, allowed), { code: "NO_METHOD_ENABLED", field: "profile_id" });
  });
});
