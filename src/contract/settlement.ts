/** Settlements (contract/management section 8). */
import Type, { type Static } from "typebox";
import { dateTime, list, open, requiredText, text } from "./shapes.ts";

const sum = (description: string) => Type.Integer({ description });

const SettlementAmount = open({
  amount: sum("capture - refund - fee, in minor units; less than nothing where more was paid back than taken"),
  capture: sum("Captured"),
  refund: sum("Paid back"),
  fee: sum("0: we take none, and know of nobody else's"),
  currency: text("ISO 4217"),
});

const Attachment = open({
  name: text(),
  content_type: text(),
  url: text("To be read with a token, as everything here"),
});

export const Settlement = open(
  {
    id: text(),
    start_at: dateTime("The midnight that the day began with, in the account's time zone"),
    end_at: dateTime("The midnight after it, which is no part of the day"),
    created_at: dateTime(),
    updated_at: dateTime(),
    settled_at: dateTime(),
    provider: text("`seitatech`"),
    provider_reference: text("The day and the beginning of the id; it stands in the transactions' SETTLEMENT events"),
    attachments: list(Attachment),
    amounts: list(SettlementAmount),
    payment_status: Type.Enum(["paid", "postponed"], {
      description: "`postponed`: we hold no bank account and pay nothing out, so that we never claim that it is paid",
    }),
    store_id: text("The merchant's own id of the store"),
    payout_destination_id: text("The seller"),
    test: Type.Optional(Type.Boolean({ description: "Made by generateTestReport: it settles nothing (additive)" })),
  },
  "What was captured and paid back on a day, of one seller and store",
);
export type Settlement = Static<typeof Settlement>;

export const LastEvaluatedKey = open({
  id: text("Send it as starting_after_id"),
  settled_at: dateTime("Send it as starting_after_date"),
});

export const Settlements = open({
  items: list(Settlement),
  last_evaluated_key: Type.Optional(LastEvaluatedKey),
});

export type Settlements = Static<typeof Settlements>;

export const GenerateTestReport = open(
  {
    transaction_ids: Type.Optional(Type.Array(requiredText(), { minItems: 1, maxItems: 1_000 })),
    number_of_transactions: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: "So many of the newest that are captured" }),
    ),
    date_range: Type.Optional(
      open({
        start_at: Type.String({ minLength: 1, description: "ISO 8601: captured or paid back not before" }),
        end_at: Type.String({ minLength: 1, description: "ISO 8601: and before" }),
      }),
    ),
  },
  "One of the three",
);
export type GenerateTestReport = Static<typeof GenerateTestReport>;

export const TestReport = open({ items: list(Settlement) }, "One settlement for each seller and store among them");
