/** Settlements: what is paid out for a day (contract/management section 8). */
import Type from "typebox";
import { operation } from "../operation.ts";
import { GenerateTestReport, Settlement, Settlements, TestReport } from "../settlement.ts";
import { AccountId, requiredText, text } from "../shapes.ts";
import { readAccounts, several, timeRange, writeAccounts } from "./parameters.ts";

const path = "/v1/accounts/{aid}/settlements";
const ofOne = Type.Object({ aid: AccountId, settlement_id: requiredText() });

export const listSettlements = operation({
  id: "listSettlements",
  method: "GET",
  path,
  surface: "accounts",
  summary: "List settlements, newest first",
  description:
    "A settlement is made for each seller and store some minutes after the day has ended in the account's time zone " +
    "(`time_zone` of the account's configuration). The next page begins after `last_evaluated_key`.",
  access: readAccounts,
  params: Type.Object({ aid: AccountId }),
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 10 })),
    starting_after_id: Type.Optional(text("The `id` of `last_evaluated_key`, together with starting_after_date")),
    starting_after_date: Type.Optional(text("The `settled_at` of `last_evaluated_key`")),
    // The contract's name for a range of settled_at.
    ...timeRange("created_at"),
    ...timeRange("item_created_at"),
    payment_provider: Type.Optional(several(text(), "Any of these; ours is `seitatech`")),
    payout_destination_id: Type.Optional(text()),
    search: Type.Optional(text("An id, a provider_reference, or the id of a transaction that is settled there")),
  }),
  reply: Settlements,
  rejections: [],
});

export const readSettlement = operation({
  id: "readSettlement",
  method: "GET",
  path: `${path}/{settlement_id}`,
  surface: "accounts",
  summary: "Read a settlement (additive)",
  access: readAccounts,
  params: ofOne,
  reply: Settlement,
  rejections: ["SETTLEMENT_NOT_FOUND"],
});

export const readSettlementItems = operation({
  id: "readSettlementItems",
  method: "GET",
  path: `${path}/{settlement_id}/items.csv`,
  surface: "accounts",
  summary: "Read a settlement's report: a line for each capture and refund (additive)",
  description: "`attachments` of the settlement names it. RFC 4180 in UTF-8; amounts are whole minor units.",
  access: readAccounts,
  params: ofOne,
  media_type: "text/csv",
  reply: Type.String(),
  rejections: ["SETTLEMENT_NOT_FOUND"],
});

export const generateTestReport = operation({
  id: "generateTestReport",
  method: "POST",
  path: `${path}/reports/generate-test-report`,
  surface: "accounts",
  summary: "Make a settlement to look at, of a test account's transactions",
  description:
    "It is marked `test` and settles nothing: the transactions stay as they are, and stand in their day's settlement " +
    "as well. Of transactions of several sellers or stores each gets one.",
  access: writeAccounts,
  params: Type.Object({ aid: AccountId }),
  body: GenerateTestReport,
  created: true,
  reply: TestReport,
  rejections: ["TEST_SETTLEMENT_OF_LIVE_ACCOUNT", "TRANSACTION_UNKNOWN", "NOTHING_TO_SETTLE"],
});
