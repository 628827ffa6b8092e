/**
 * Whatever is done to an account's set-up while a payment is under way: it is refused, or the payment ends as it would have
 * without it, to the last event and the callback. Every change is tried at every stage.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ServerFrame } from "../../src/contract/terminal-protocol.ts";
import type { Transaction } from "../../src/contract/transaction.ts";
import { actOnDeadlines } from "../../src/flows/deadlines.ts";
import { assertRefused } from "../api/refusal.ts";
import { operate, refunding, whole } from "../support/counter.ts";
import type { HandLink, HandTerminal } from "../support/honest-hand.ts";
import { later, sell, transactionOf, untilConnected, untilPrompt } from "../support/honest-shop.ts";
import { type Onboarding, openOnboarding } from "../support/onboarding.ts";
import { type Answer, type SaleChange, until } from "../support/shop.ts";

let office: Onboarding;
before(async () => {
  office = await openOnboarding();
  await office.seller("another-seller");
  await office.store("another-store", "another-seller");
});
after(() => office.shop.close());

/** A store, its seller, its terminal and a payment profile that no other case touches. */
interface Place {
  readonly name: string;
  readonly terminal: HandTerminal;
  link: HandLink;
  /** Frames that have been acted on. */
  read: number;
}

let places = 0;

async function openPlace(): Promise<Place> {
  const name = `place-${++places}`;
  await office.seller(name);
  await office.store(name, name);
  const configuration = { seitatech: { type: "payment_type", in_person: { enabled: true } } };
  const profile = { profile_id: name, description: "På hjørnet", configuration };
  const made = await office.shop.call("POST", "/v1/admin/session/profiles", profile);
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const terminal = await office.terminal(name);
  return { name, terminal, link: await terminal.connect([], whole), read: 0 };
}

/** The next frame of this type that nobody has acted on; the day of a deleted terminal is closed on the way. */
async function next<T extends ServerFrame["type"]>(place: Place, type: T): Promise<Extract<ServerFrame, { type: T }>> {
  for (;;) {
    const frame = await until(() => place.link.frames[place.read]);
    place.read++;
    if (frame.type === type) return frame as Extract<ServerFrame, { type: T }>;
    if (frame.type === "operation") place.link.send(place.terminal.operated(frame.operation_id));
  }
}

async function saleAt({ name, terminal }: Place, change: SaleChange = {}): Promise<string> {
  const store = { id: name, payout_destination_id: name };
  const asked = { ...change, profile_id: name, store, order: { merchant_reference: name } };
  const { status, body } = await sell(office.shop, terminal.terminal_id, asked);
  assert.equal(status, 200, JSON.stringify(body));
  return body.id;
}

const approve = (place: Place, prompt: Extract<ServerFrame, { type: "prompt" }>): void =>
  place.link.send(place.terminal.approval(prompt, { facts: { uniqueId: `unique-${prompt.prompt_id}` } }));

async function paidAt(place: Place, change: SaleChange = {}): Promise<Transaction> {
  const session_id = await saleAt(place, change);
  approve(place, await next(place, "prompt"));
  const paid = await office.shop.ended(session_id);
  await next(place, "acknowledge");
  return paid;
}

/** What goes on when the set-up has been changed, or not; it answers the payments concerned, when they have ended. */
type GoesOn = () => Promise<Transaction[]>;

const readOne = async ({ id }: { readonly id: string }): Promise<Transaction> =>
  (await office.shop.call<Transaction>("GET", `/v1/transactions/${id}`)).body;

const untilStatus = (payment: { readonly id: string }, status: string): Promise<Transaction> =>
  until(async () => {
    const read = await readOne(payment);
    return read.status === status && read;
  });

type Reached = "sent" | "shown" | "card presented" | "unresolved";

/** A sale that has come so far, and that the cardholder pays. */
const saleThatIs =
  (reached: Reached) =>
  async (place: Place): Promise<GoesOn> => {
    const session_id = await saleAt(place);
    const prompt = await next(place, "prompt");
    const { prompt_id } = prompt;
    if (reached !== "sent") place.link.send({ type: "shown", prompt_id });
    if (reached === "shown") await untilPrompt(office.shop, session_id, "SHOWN");
    if (reached === "card presented" || reached === "unresolved") {
      place.link.send({ type: "card_presented", prompt_id });
      await untilPrompt(office.shop, session_id, "PROCESSING");
    }
    if (reached === "unresolved") {
      await actOnDeadlines(later(office.shop.app.world, 200_000));
      await untilPrompt(office.shop, session_id, "UNRESOLVED");
    }
    return async () => {
      approve(place, prompt);
      return [await untilStatus(await transactionOf(office.shop, session_id), "CAPTURED")];
    };
  };

const stages: Readonly<Record<string, (place: Place) => Promise<GoesOn>>> = {
  "a sale that was sent": saleThatIs("sent"),
  "a sale on the screen": saleThatIs("shown"),
  "a sale whose card was presented": saleThatIs("card presented"),
  "a sale whose end nobody knows": saleThatIs("unresolved"),
  "a refund on the screen": async (place) => {
    const payment = await paidAt(place);
    await refunding(office.shop, payment, { amount: 39900, terminal_id: place.terminal.terminal_id });
    const prompt = await next(place, "prompt");
    return async () => {
      approve(place, prompt);
      return [await untilStatus(payment, "REFUNDED")];
    };
  },
  "a refund that waits behind a sale": async (place) => {
    const payment = await paidAt(place);
    const session_id = await saleAt(place);
    const sale = await next(place, "prompt");
    await refunding(office.shop, payment, { amount: 100, terminal_id: place.terminal.terminal_id });
    return async () => {
      approve(place, sale);
      const sold = await untilStatus(await transactionOf(office.shop, session_id), "CAPTURED");
      approve(place, await next(place, "prompt"));
      return [sold, await untilStatus(payment, "PARTIALLY_REFUNDED")];
    };
  },
  "a capture that the host was not told of": async (place) => {
    const payment = await paidAt(place, { configuration: { auto_capture: false } });
    place.terminal.leave();
    await untilConnected(office.shop, place.terminal.terminal_id, false);
    const { status } = await operate(office.shop, "capture", payment, { amount: 39900 });
    assert.equal(status, 202, "the terminal is not there");
    return async () => {
      place.link = await place.terminal.connect([], whole);
      place.read = 2;
      const { advice_id } = await next(place, "advice");
      const { journal_id } = place.terminal;
      const sequence = ++place.terminal.sequence;
      place.link.send({ type: "advice_result", journal_id, sequence, advice_id, outcome: "accepted" });
      return [await untilStatus(payment, "CAPTURED")];
    };
  },
};

interface Change {
  readonly make: (place: Place) => Promise<Answer<unknown>>;
  /** The code that refuses it while anything is open there. */
  readonly refused?: string;
}

const decide = (case_status: string) => ({
  make: ({ name }: Place) =>
    office.manage("POST", `/payout-destinations/${name}/decision`, { case_status, reason: "Prøve" }),
});

const profile = ({ name }: Place): string => `/v1/admin/session/profiles/${name}`;

const changes: Readonly<Record<string, Change>> = {
  "deleting the terminal": { make: ({ terminal }) => office.manage("DELETE", `/terminals/${terminal.terminal_id}`) },
  "switching the terminal off": {
    make: ({ terminal }) => office.manage("POST", `/terminals/${terminal.terminal_id}/deactivate`),
  },
  "moving the terminal": {
    make: ({ terminal }) => office.manage("PUT", `/terminals/${terminal.terminal_id}`, { store_id: "another-store" }),
    refused: "TERMINAL_HAS_OPEN_WORK",
  },
  "deleting the store": {
    make: ({ name }) => office.manage("DELETE", `/stores/${name}`),
    refused: "STORE_HAS_OPEN_WORK",
  },
  "linking the store to another seller": {
    make: ({ name }) =>
      office.manage("PUT", `/stores/${name}`, { payout_destination: { payout_destination_id: "another-seller" } }),
    refused: "STORE_HAS_OPEN_WORK",
  },
  "changing the store's name and address": {
    make: ({ name }) =>
      office.manage("PUT", `/stores/${name}`, { store_name: "Nå på Løkka", address: { country: "NO" } }),
  },
  "declining the seller": decide("DECLINED"),
  "ending the seller": decide("TERMINATED"),
  "changing the profile": {
    make: (place) =>
      office.shop.call("PUT", profile(place), {
        description: "Uten kort",
        configuration: { seitatech: { type: "payment_type", in_person: { enabled: false } } },
      }),
  },
  "deleting the profile": { make: (place) => office.shop.call("DELETE", profile(place)) },
  "closing the account to cards": {
    make: () => office.shop.call("PUT", "/v1/admin/checkout", { configuration: { payment_options: [] } }),
  },
};

/** What a till and a callback are told of a payment, without what names this one. */
async function storyOf({ id }: Transaction, place: Place): Promise<object> {
  const { status, amount, events, session_id } = await readOne({ id });
  const { body } = await until(async () => {
    const session = await office.shop.call<{ events: { name: string }[] }>("GET", `/v1/sessions/${session_id}`);
    return session.body.events.some(({ name }) => name === "AUTH_CALLBACK_SENT") && session;
  });
  const callbacks = office.shop.callbacks.filter(({ url }) => url.searchParams.get("transaction_id") === id);
  const prompts = await office.shop.database.sql<{ kind: string; status: string }>(
    "SELECT kind, status FROM prompts WHERE transaction_id = $1 ORDER BY created_at",
    [id],
  );
  const story = {
    status,
    amount,
    events: events.map(({ event, amount, success, transaction_status }) => [
      event,
      amount,
      success,
      transaction_status,
    ]),
    session_events: body.events.map(({ name }) => name),
    prompts,
    callbacks: callbacks.map(({ method, url }) => [
      method,
      url.searchParams.get("error"),
      [...url.searchParams.keys()],
    ]),
  };
  return JSON.parse(JSON.stringify(story).replaceAll(place.name, "the place")) as object;
}

async function openTheAccount(): Promise<void> {
  const option = { type: "seitatech.in_person", details: {} };
  const body = { configuration: { payment_options: [option] } };
  const { status } = await office.shop.call("PUT", "/v1/admin/checkout", body);
  assert.equal(status, 200);
}

for (const [stage, reach] of Object.entries(stages)) {
  describe(stage, () => {
    let undisturbed: object[];

    async function endedAt(place: Place, goOn: GoesOn): Promise<object[]> {
      const ended = await goOn();
      const stories = [];
      for (const payment of ended) stories.push(await storyOf(payment, place));
      place.terminal.leave();
      return stories;
    }

    before(async () => {
      const place = await openPlace();
      undisturbed = await endedAt(place, await reach(place));
    });

    for (const [change, { make, refused }] of Object.entries(changes)) {
      test(`${refused === undefined ? "ends as it would have" : "refuses"}: ${change}`, async () => {
        const place = await openPlace();
        const goOn = await reach(place);
        const answer = await make(place);
        if (refused === undefined) assert.equal(answer.status, 200, JSON.stringify(answer.body));
        else assertRefused(answer as never, { status: 409, code: refused });
        const stories = await endedAt(place, goOn);
        if (change === "closing the account to cards") await openTheAccount();
        assert.deepEqual(stories, undisturbed);
      });
    }
  });
}
