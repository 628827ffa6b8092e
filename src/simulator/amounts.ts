/**
 * What a simulated card, its host and the person holding it do, by the amount in minor units. The contract names 39900
 * and a range of special amounts; the rest of this table is ours (management section 9).
 */
export type PersonAct = "tap" | "cancel" | "ignore";

export interface HostAnswer {
  readonly approved: boolean;
  readonly response_code: string;
  readonly reason?: string;
  /** One of the contract's error types (transactions section 4). */
  readonly reason_code?: string;
  /** The host could not be reached, and the terminal took the attempt back. */
  readonly unreachable?: boolean;
}

export interface CardFace {
  readonly brand: string;
  readonly masked_pan: string;
  readonly type: string;
  readonly application_identifier: string;
}

export interface Script {
  readonly act: PersonAct;
  readonly answer: HostAnswer;
  readonly card: CardFace;
  readonly meaning: string;
}

/** Card numbers of the schemes' published test ranges, masked; application identifiers from EMV's public list. */
const visa: CardFace = {
  brand: "Visa",
  masked_pan: "476173******0416",
  type: "Debit Card",
  application_identifier: "A0000000031010",
};
const mastercard: CardFace = {
  brand: "Mastercard",
  masked_pan: "541333******4111",
  type: "Credit Card",
  application_identifier: "A0000000041010",
};
const bankAxept: CardFace = {
  brand: "BankAxept",
  masked_pan: "957881******6047",
  type: "Debit Card",
  application_identifier: "D5780000021010",
};

const approve: HostAnswer = { approved: true, response_code: "00" };
const decline = (response_code: string, reason: string, reason_code: string): HostAnswer => ({
  approved: false,
  response_code,
  reason,
  reason_code,
});

export const declinedByIssuer = decline("05", "Declined by the issuer.", "DECLINED");

const script = (meaning: string, answer: HostAnswer, change: Partial<Script> = {}): Script => ({
  act: "tap",
  card: visa,
  answer,
  meaning,
  ...change,
});

export const anyOtherAmount = script("approved, Visa", approve);

export const scriptsByAmount: ReadonlyMap<number, Script> = new Map([
  [39900, script("approved, Visa", approve)],
  [990100, script("declined by the issuer", declinedByIssuer)],
  [990200, script("declined: insufficient funds", decline("51", "Insufficient funds.", "INSUFFICIENT_FUNDS"))],
  [990300, script("declined: expired card", decline("54", "The card has expired.", "EXPIRED_CARD"))],
  [990400, script("the customer cancels on the terminal", approve, { act: "cancel" })],
  [990500, script("nobody presents a card until the time limit", approve, { act: "ignore" })],
  [
    990600,
    script("technical failure: the host cannot be reached, nothing is charged", {
      approved: false,
      response_code: "91",
      reason: "The host could not be reached; the attempt was taken back.",
      unreachable: true,
    }),
  ],
  [991100, script("approved, Mastercard", approve, { card: mastercard })],
  [991200, script("approved, BankAxept debit", approve, { card: bankAxept })],
]);

export const scriptFor = (amount: number): Script => scriptsByAmount.get(amount) ?? anyOtherAmount;
