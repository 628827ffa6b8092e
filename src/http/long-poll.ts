/** Reads that wait until nothing of a payment is under way any more: for whoever can neither be called nor hold a stream. */
import { isUnderWay, mayStillBegin, type PaymentInView } from "../domain/under-way.ts";
import type { World } from "../flows/world.ts";
import { readSession } from "../storage/sessions.ts";
import { readTransaction } from "../storage/transactions.ts";
import type { EventHub, HandedEvent } from "./event-hub.ts";

export interface Wait {
  readonly account_id: string;
  readonly wait_s: number;
  readonly onEnd: (work: () => void) => void;
}

/** What waiting depends on, as it stands now. */
type Standing = "at rest" | "under way" | "not begun";

/** A session that is called off before its payment began is told in no stream. */
const lookAtUnbegun_ms = 1_000;

/** Resolves when the session's payment is at rest, and after `wait_s` at the latest. At once if there is no such session. */
export async function sessionAtRest(world: World, hub: EventHub, wait: Wait & { session_id: string }): Promise<void> {
  const { account_id, session_id } = wait;
  const look = async (): Promise<Standing> => {
    const session = await readSession(world.db, account_id, session_id);
    if (session === undefined) return "at rest";
    const { transaction_id } = session;
    if (transaction_id !== undefined) return standingOf(world, account_id, transaction_id);
    return mayStillBegin(session, world.clock.now()) ? "not begun" : "at rest";
  };
  await atRest(world, hub, wait, look);
}

export async function transactionAtRest(
  world: World,
  hub: EventHub,
  wait: Wait & { transaction_id: string },
): Promise<void> {
  const { account_id, transaction_id } = wait;
  const transaction = await readTransaction(world.db, account_id, transaction_id);
  if (transaction === undefined) return;
  const { session_id } = transaction;
  await atRest(world, hub, { ...wait, session_id }, () => standingOf(world, account_id, transaction_id));
}

async function standingOf(world: World, account_id: string, transaction_id: string): Promise<Standing> {
  const transaction = await readTransaction(world.db, account_id, transaction_id);
  return transaction !== undefined && isUnderWay(transaction) ? "under way" : "at rest";
}

/** Watches first and looks then, so that nothing that is told in between is missed. */
async function atRest(
  { clock }: World,
  hub: EventHub,
  { account_id, session_id, wait_s, onEnd }: Wait & { session_id: string },
  look: () => Promise<Standing>,
): Promise<void> {
  if ((await look()) === "at rest") return;
  let is_over = false;
  let has_news = false;
  let wake = () => {};
  const tell = () => {
    has_news = true;
    wake();
  };
  const stop = () => {
    is_over = true;
    wake();
  };
  const take = (events: readonly HandedEvent[]) => {
    if (events.some(isOfPaymentAtRest)) tell();
  };
  onEnd(stop);
  const watch = await hub.watch(account_id, { session_id, take, stop });
  const timer = clock.after(wait_s * 1_000, stop);
  try {
    while (!is_over) {
      has_news = false;
      const standing = await look();
      if (standing === "at rest") return;
      const again = standing === "not begun" ? clock.after(lookAtUnbegun_ms, tell) : undefined;
      if (!is_over && !has_news)
        await new Promise<void>((woken) => {
          wake = woken;
        });
      again?.cancel();
    }
  } finally {
    watch.end();
    timer.cancel();
  }
}

/** The event says how its transaction stood then, which spares a read for every step in between. */
const isOfPaymentAtRest = ({ event: { type, members } }: HandedEvent): boolean =>
  type === "checkout_transaction" && !isUnderWay(members.transaction as PaymentInView);
