/** The prompt's life, told a second time from the rules (prompt-life sections 2 and 3) and compared with the table. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  allowedPromptSteps,
  isFinal,
  nextStatus,
  openPromptStatuses,
  type PromptEvent,
  type PromptStatus,
  posView,
  promptRules,
  promptStatuses,
} from "../../src/domain/prompt.ts";

const events = Object.keys({
  terminal_freed: true,
  cancel: true,
  deadline: true,
  sent: true,
  shown: true,
  card_presented: true,
  too_late: true,
  approved: true,
  approved_otherwise: true,
  approved_too_late: true,
  declined: true,
  cancelled: true,
  stopped: true,
  not_shown: true,
  timed_out: true,
  failed: true,
  in_progress: true,
  stop_unanswered: true,
  processing_limit: true,
  journal_lost: true,
  decided_paid: true,
  decided_unpaid: true,
} satisfies Record<PromptEvent, true>) as PromptEvent[];

const finalStatuses: PromptStatus[] = ["APPROVED", "DECLINED", "CANCELLED", "EXPIRED", "FAILED"];

interface Row {
  readonly from: PromptStatus;
  readonly on: PromptEvent;
  /** Absent: the row holds with and without one. */
  readonly cancel_asked?: boolean;
  readonly to: PromptStatus;
  readonly guarantee: string;
}

const steps: Row[] = [
  {
    from: "WAITING",
    on: "terminal_freed",
    to: "PENDING",
    guarantee: "a waiting refund's turn comes when the terminal is free",
  },
  { from: "WAITING", on: "deadline", to: "EXPIRED", guarantee: "a waiting refund whose time is up expires" },
  { from: "PENDING", on: "sent", to: "SENT", guarantee: "a prompt is noted as sent" },
  {
    from: "PENDING",
    on: "cancel",
    to: "CANCELLED",
    guarantee: "a prompt that was never sent can be cancelled without asking the terminal",
  },
  { from: "PENDING", on: "deadline", to: "EXPIRED", guarantee: "a prompt that was never sent expires at its deadline" },
  { from: "SENT", on: "sent", to: "SENT", guarantee: "a prompt may be sent again when its terminal is back" },
  { from: "SENT", on: "shown", to: "SHOWN", guarantee: "a sent prompt comes on the screen" },
  {
    from: "SENT",
    on: "card_presented",
    to: "PROCESSING",
    guarantee: "a card may be presented though word of the screen was lost",
  },
  { from: "SENT", on: "too_late", to: "PROCESSING", guarantee: "a terminal that cannot stop a sent prompt has a card" },
  { from: "SENT", on: "not_shown", to: "EXPIRED", guarantee: "a sent prompt that the terminal refused has expired" },
  { from: "SENT", on: "cancel", to: "SENT", guarantee: "cancelling a sent prompt ends nothing by itself" },
  { from: "SENT", on: "deadline", to: "SENT", guarantee: "the deadline of a sent prompt ends nothing by itself" },
  {
    from: "SENT",
    on: "stop_unanswered",
    to: "UNRESOLVED",
    guarantee: "a sent prompt whose terminal does not answer a stop is unresolved",
  },
  { from: "SHOWN", on: "card_presented", to: "PROCESSING", guarantee: "a card is presented to a prompt on the screen" },
  { from: "SHOWN", on: "too_late", to: "PROCESSING", guarantee: "a stop that comes after the card is too late" },
  { from: "SHOWN", on: "cancel", to: "SHOWN", guarantee: "cancelling a prompt on the screen ends nothing by itself" },
  {
    from: "SHOWN",
    on: "deadline",
    to: "SHOWN",
    guarantee: "the deadline of a prompt on the screen ends nothing by itself",
  },
  {
    from: "SHOWN",
    on: "stop_unanswered",
    to: "UNRESOLVED",
    guarantee: "a prompt on the screen of a terminal that does not answer a stop is unresolved",
  },
  {
    from: "PROCESSING",
    on: "processing_limit",
    to: "UNRESOLVED",
    guarantee: "a card that was presented without a word since leaves the prompt unresolved",
  },
  {
    from: "SENT",
    on: "journal_lost",
    to: "UNRESOLVED",
    guarantee: "a sent prompt is unresolved when its device is gone",
  },
  {
    from: "SHOWN",
    on: "journal_lost",
    to: "UNRESOLVED",
    guarantee: "so is a prompt on the screen of a device that is gone",
  },
  { from: "PROCESSING", on: "journal_lost", to: "UNRESOLVED", guarantee: "so is a payment on a device that is gone" },
  {
    from: "UNRESOLVED",
    on: "not_shown",
    to: "EXPIRED",
    guarantee: "evidence that it was never seen ends an unresolved prompt",
  },
  {
    from: "UNRESOLVED",
    on: "in_progress",
    to: "UNRESOLVED",
    guarantee: "an unresolved prompt that is still in progress stays so",
  },
  {
    from: "UNRESOLVED",
    on: "cancel",
    to: "UNRESOLVED",
    guarantee: "cancelling an unresolved prompt decides nothing about it",
  },
  {
    from: "UNRESOLVED",
    on: "approved_too_late",
    to: "UNRESOLVED",
    guarantee: "a refund's approval after its failure was told is no end: it is being taken back",
  },
  {
    from: "UNRESOLVED",
    on: "decided_paid",
    to: "APPROVED",
    guarantee: "a person may decide that an unresolved prompt was paid",
  },
  {
    from: "UNRESOLVED",
    on: "decided_unpaid",
    to: "FAILED",
    guarantee: "a person may decide that an unresolved prompt was not paid",
  },
];

/** What a terminal may say at any time after a prompt was sent to it. */
const results: Omit<Row, "from">[] = [
  { on: "approved", to: "APPROVED", guarantee: "an approval" },
  { on: "approved_otherwise", to: "UNRESOLVED", guarantee: "an approval of another amount or currency" },
  { on: "declined", to: "DECLINED", guarantee: "a decline" },
  { on: "cancelled", to: "CANCELLED", guarantee: "a cancel on the terminal" },
  { on: "timed_out", to: "EXPIRED", guarantee: "a screen that timed out" },
  { on: "failed", to: "FAILED", guarantee: "a failure without money moved" },
  { on: "stopped", cancel_asked: true, to: "CANCELLED", guarantee: "a stop after somebody asked for a cancel" },
  { on: "stopped", cancel_asked: false, to: "EXPIRED", guarantee: "a stop that only the deadline asked for" },
];
const mayBeAnswered: PromptStatus[] = ["SENT", "SHOWN", "PROCESSING", "UNRESOLVED"];

const rows: Row[] = [
  ...steps,
  ...mayBeAnswered.flatMap((from) =>
    results.map((result) => ({ ...result, from, guarantee: `${result.guarantee} makes ${from} ${result.to}` })),
  ),
];

const wayOut = (from: PromptStatus, on: PromptEvent) => promptRules[from].ways_out.find((way) => way.on === on);

describe("a prompt's way", () => {
  for (const { from, on, cancel_asked, to, guarantee } of rows) {
    test(guarantee, () => {
      for (const asked of cancel_asked === undefined ? [false, true] : [cancel_asked]) {
        assert.equal(nextStatus(from, on, asked), to);
      }
    });
  }

  test("there is no other way than these", () => {
    for (const from of promptStatuses) {
      for (const on of events) {
        for (const asked of [false, true]) {
          const row = rows.find(
            (way) =>
              way.from === from && way.on === on && (way.cancel_asked === undefined || way.cancel_asked === asked),
          );
          assert.equal(nextStatus(from, on, asked), row?.to, `${from} on ${on}, cancel asked: ${asked}`);
        }
      }
    }
  });

  test("a final status has no way out", () => {
    for (const status of finalStatuses) {
      assert.equal(isFinal(status), true);
      assert.deepEqual(promptRules[status].ways_out, []);
    }
    assert.deepEqual(promptStatuses.filter(isFinal), finalStatuses);
  });

  test("a refund, which may have to wait, can come to every status", () => {
    assert.deepEqual(reachedFrom("WAITING"), new Set(promptStatuses));
  });

  test("a sale can come to every status but waiting", () => {
    assert.deepEqual(reachedFrom("PENDING"), new Set(promptStatuses.filter((status) => status !== "WAITING")));
  });

  test("every open prompt can still come to an end", () => {
    for (const status of promptStatuses.filter((candidate) => !isFinal(candidate))) {
      assert.ok([...reachedFrom(status)].some(isFinal), status);
    }
  });

  test("once it was sent, only the terminal's word or a person's decision ends a prompt", () => {
    const notEvidence: PromptEvent[] = [
      ...(["terminal_freed", "cancel", "deadline", "sent", "shown", "card_presented", "too_late"] as const),
      ...(["in_progress", "stop_unanswered", "processing_limit", "approved_otherwise"] as const),
      ...(["approved_too_late"] as const),
    ];
    for (const from of mayBeAnswered) {
      for (const on of notEvidence) {
        for (const asked of [false, true]) {
          const to = nextStatus(from, on, asked);
          assert.ok(to === undefined || !isFinal(to), `${from} on ${on}`);
        }
      }
    }
  });

  test("with a card presented, neither a cancel nor the clock calls it off", () => {
    assert.equal(nextStatus("PROCESSING", "cancel", true), undefined);
    assert.equal(nextStatus("PROCESSING", "deadline", true), undefined);
    assert.equal(nextStatus("PROCESSING", "stop_unanswered", true), undefined);
  });

  test("the terminal is asked to stop a prompt that it may show, and asked where a silent one stands", () => {
    const asked: [PromptStatus, PromptEvent, "stop" | "inquire" | undefined][] = [
      ["PENDING", "cancel", undefined],
      ["PENDING", "deadline", undefined],
      ["SENT", "cancel", "stop"],
      ["SENT", "deadline", "stop"],
      ["SHOWN", "cancel", "stop"],
      ["SHOWN", "deadline", "stop"],
      ["SHOWN", "card_presented", undefined],
      ["PROCESSING", "processing_limit", "inquire"],
      ["UNRESOLVED", "in_progress", "inquire"],
      ["UNRESOLVED", "cancel", "stop"],
      ["UNRESOLVED", "approved", undefined],
    ];
    for (const [from, on, what] of asked) assert.equal(wayOut(from, on)?.asks_terminal, what, `${from} on ${on}`);
  });
});

describe("what the database may see change", () => {
  test("the allowed steps are the different statuses that some event leads to", () => {
    const expected = new Set(rows.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from}>${to}`));
    const allowed = allowedPromptSteps().map(([from, to]) => `${from}>${to}`);
    assert.deepEqual(new Set(allowed), expected);
    assert.equal(allowed.length, expected.size, "no step is listed twice");
  });

  test("a prompt takes up its terminal from its first row to its end, and not while it waits for its turn", () => {
    assert.deepEqual(openPromptStatuses, ["PENDING", "SENT", "SHOWN", "PROCESSING", "UNRESOLVED"]);
  });
});

describe("whatever happens to a prompt", () => {
  /** How far the money may have come; nothing that happens takes a prompt back. */
  const distance: Record<PromptStatus, number> = {
    WAITING: 0,
    PENDING: 1,
    SENT: 2,
    SHOWN: 3,
    PROCESSING: 4,
    UNRESOLVED: 5,
    APPROVED: 6,
    DECLINED: 6,
    CANCELLED: 6,
    EXPIRED: 6,
    FAILED: 6,
  };

  const anyLife = fc.record({
    first: fc.constantFrom<PromptStatus>("WAITING", "PENDING", "SENT"),
    happenings: fc.array(fc.constantFrom(...events), { minLength: 1, maxLength: 30 }),
  });

  test("it never goes back, and never leaves its end", () => {
    fc.assert(
      fc.property(anyLife, ({ first, happenings }) => {
        for (const { from, to } of live(first, happenings)) {
          assert.ok(distance[to] >= distance[from], `${from} to ${to}`);
          if (isFinal(from)) assert.equal(to, from);
        }
      }),
    );
  });

  test("it is cancelled only by the person at the terminal, before it was sent, or where a cancel was asked for", () => {
    fc.assert(
      fc.property(anyLife, ({ first, happenings }) => {
        let asked = false;
        for (const { from, on, to } of live(first, happenings)) {
          asked ||= on === "cancel";
          if (to === "CANCELLED" && from !== to) assert.ok(asked || on === "cancelled", `${from} on ${on}`);
        }
      }),
    );
  });

  test("it is approved only on the host's word or a person's decision", () => {
    fc.assert(
      fc.property(anyLife, ({ first, happenings }) => {
        for (const { from, on, to } of live(first, happenings)) {
          if (to === "APPROVED" && from !== to) assert.ok(on === "approved" || on === "decided_paid", on);
        }
      }),
    );
  });
});

describe("what the point of sale is told", () => {
  const told: [PromptStatus, boolean, ReturnType<typeof posView>, string][] = [
    ["APPROVED", true, { transaction_status: "AUTHORIZED" }, "an approval, without an error"],
    ["APPROVED", false, { transaction_status: "AUTHORIZED" }, "an approval, though word of the screen was lost"],
    ["DECLINED", true, { transaction_status: "DECLINED", callback_error: "authorization" }, "a decline"],
    ["CANCELLED", true, { transaction_status: "DECLINED", callback_error: "cancelled" }, "a cancel on the screen"],
    ["CANCELLED", false, { transaction_status: "DECLINED", callback_error: "cancelled" }, "a cancel before the screen"],
    ["EXPIRED", true, { transaction_status: "DECLINED", callback_error: "cancelled" }, "nobody presented a card"],
    ["EXPIRED", false, { transaction_status: "FAILED", callback_error: "failed" }, "the screen never showed it"],
    ["FAILED", true, { transaction_status: "FAILED", callback_error: "failed" }, "a failure after it was shown"],
    ["FAILED", false, { transaction_status: "FAILED", callback_error: "failed" }, "a failure before it was shown"],
    ["UNRESOLVED", true, { transaction_status: "UNKNOWN" }, "that we do not know, without an error"],
    ["UNRESOLVED", false, { transaction_status: "UNKNOWN" }, "that we do not know whether it was shown"],
    ["WAITING", false, undefined, "nothing while it waits"],
    ["PENDING", false, undefined, "nothing before it was sent"],
    ["SENT", false, undefined, "nothing once it was sent"],
    ["SHOWN", true, undefined, "nothing while it is on the screen"],
    ["PROCESSING", true, undefined, "nothing while the card is being processed"],
  ];
  for (const [status, was_shown, view, what] of told) {
    test(`${status}: ${what}`, () => assert.deepEqual(posView(status, was_shown), view));
  }

  test("every status has its row here", () => {
    assert.deepEqual(new Set(told.map(([status]) => status)), new Set(promptStatuses));
  });
});

function reachedFrom(first: PromptStatus): Set<PromptStatus> {
  const reached = new Set([first]);
  for (const status of reached) {
    for (const [from, to] of allowedPromptSteps()) if (from === status) reached.add(to);
  }
  return reached;
}

function live(first: PromptStatus, happenings: readonly PromptEvent[]) {
  let status = first;
  let cancel_asked = false;
  return happenings.map((on) => {
    const from = status;
    cancel_asked ||= on === "cancel";
    status = nextStatus(from, on, cancel_asked) ?? from;
    return { from, on, to: status };
  });
}
