/** The money record of a session: its amounts are its state. */

export type TransactionStatus =
  | "INITIATED"
  | "AUTHORIZED"
  | "AUTHORIZATION_VOIDED"
  | "CAPTURED"
  | "PARTIALLY_CAPTURED"
  | "PARTIALLY_CAPTURED_REFUNDED"
  | "REFUNDED"
  | "PARTIALLY_REFUNDED"
  | "DECLINED"
  | "FAILED"
  | "UNKNOWN";

export type TransactionEventName =
  | "INITIALIZE"
  | "AUTHORIZE"
  | "CAPTURE"
  | "REFUND"
  | "VOID"
  | "INITIATE_REFUND"
  | "INITIATE_VOID"
  | "INITIATE_CAPTURE"
  | "SETTLEMENT";

/** Minor units of the transaction's currency. */
export interface Balance {
  readonly authorized_amount: number;
  readonly captured_amount: number;
  readonly refunded_amount: number;
  readonly voided_amount: number;
  /** Refunds accepted whose end is not known yet: nobody may promise this money again. */
  readonly reserved_refund_amount: number;
}

export const noBalance: Balance = {
  authorized_amount: 0,
  captured_amount: 0,
  refunded_amount: 0,
  voided_amount: 0,
  reserved_refund_amount: 0,
};

/** What a transaction's events have moved. A reservation is no event: the refund's own row holds it. */
export type MovedMoney = Omit<Balance, "reserved_refund_amount">;

export const nothingMoved: MovedMoney = {
  authorized_amount: 0,
  captured_amount: 0,
  refunded_amount: 0,
  voided_amount: 0,
};

/** As much of an event as its money needs; the contract's events and the rows have it both. */
export interface MoneyEvent {
  readonly event: TransactionEventName;
  readonly success: boolean;
  readonly amount?: number | null | undefined;
}

/** What each event adds to where it succeeded. The others move nothing. */
const adds_to: Readonly<Partial<Record<TransactionEventName, keyof MovedMoney>>> = {
  AUTHORIZE: "authorized_amount",
  CAPTURE: "captured_amount",
  REFUND: "refunded_amount",
  VOID: "voided_amount",
};

export const movesMoney = ({ event, success }: MoneyEvent): boolean => success && adds_to[event] !== undefined;

export function afterEvent(before: MovedMoney, event: MoneyEvent): MovedMoney {
  const column = adds_to[event.event];
  if (column === undefined || !event.success) return before;
  return { ...before, [column]: before[column] + (event.amount ?? 0) };
}

/** The fold of a transaction's events: what its row must say was moved. */
export const balanceOf = (events: readonly MoneyEvent[]): MovedMoney => events.reduce(afterEvent, nothingMoved);

/** What may still be refunded (in-person-rules R61). */
export const refundable = ({ captured_amount, refunded_amount, reserved_refund_amount }: Balance): number =>
  captured_amount - refunded_amount - reserved_refund_amount;

/** What may still be captured, or voided while nothing has been. */
export const capturable = ({ authorized_amount, captured_amount, voided_amount }: Balance): number =>
  authorized_amount - captured_amount - voided_amount;

/**
 * The status of a transaction whose card was approved, from its amounts alone (design section 5). The database keeps
 * the same rule as a constraint.
 */
export function statusOf(balance: MovedMoney): TransactionStatus {
  const { authorized_amount, captured_amount, refunded_amount, voided_amount } = balance;
  if (captured_amount === 0) return voided_amount > 0 ? "AUTHORIZATION_VOIDED" : "AUTHORIZED";
  const whole = captured_amount === authorized_amount;
  if (refunded_amount === 0) return whole ? "CAPTURED" : "PARTIALLY_CAPTURED";
  if (refunded_amount === captured_amount && whole) return "REFUNDED";
  return whole ? "PARTIALLY_REFUNDED" : "PARTIALLY_CAPTURED_REFUNDED";
}
