/** Payout destinations, the sellers, and the approvals they begin with (contract/management section 5). */
import Type from "typebox";
import { caseStatuses } from "../../domain/payout-destination.ts";
import { operation } from "../operation.ts";
import {
  Approval,
  Approvals,
  CaseDecision,
  CreateApproval,
  CreatePayoutDestination,
  PayoutDestination,
  PayoutDestinations,
  UpdatePayoutDestination,
} from "../payout-destination.ts";
import { AccountId, requiredText, text } from "../shapes.ts";
import { readAccounts, several, writeAccounts } from "./parameters.ts";

const path = "/v1/accounts/{aid}/payout-destinations";
const approvals = "/v1/accounts/{aid}/management/settings/approvals/payout-destinations";

const ofAccount = Type.Object({ aid: AccountId });
const ofOne = Type.Object({ aid: AccountId, payout_destination_id: requiredText() });

const mayCreate = [...writeAccounts, "write:accounts:/management/settings/approvals"] as const;

const filters = {
  starting_after: Type.Optional(text("The `starting_after` of the page before")),
  payout_destination_id: Type.Optional(several(text(), "Any of these")),
  case_status: Type.Optional(several(Type.Enum([...caseStatuses]), "Any of these")),
};

export const createPayoutDestination = operation({
  id: "createPayoutDestination",
  method: "POST",
  path,
  surface: "accounts",
  summary: "Create a payout destination: a seller that money is paid out to",
  description:
    "Its case begins as AUTOMATIC_REVIEW and waits for `decidePayoutDestination`, unless the description of one on a " +
    "test account holds AUTO_APPROVE, AUTO_DECLINE or AUTO_WAITING_FOR_SIGNATURE.",
  access: mayCreate,
  params: ofAccount,
  body: CreatePayoutDestination,
  reply: PayoutDestination,
  rejections: ["PAYOUT_DESTINATION_EXISTS", "BANK_ACCOUNT_NUMBER_INVALID", "CURRENCY_UNKNOWN"],
});

export const listPayoutDestinations = operation({
  id: "listPayoutDestinations",
  method: "GET",
  path,
  surface: "accounts",
  summary: "List payout destinations, newest first",
  access: readAccounts,
  params: ofAccount,
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    ...filters,
  }),
  reply: PayoutDestinations,
  rejections: [],
});

export const readPayoutDestination = operation({
  id: "readPayoutDestination",
  method: "GET",
  path: `${path}/{payout_destination_id}`,
  surface: "accounts",
  summary: "Read a payout destination, with its stores and terminals that are not deleted",
  access: readAccounts,
  params: ofOne,
  reply: PayoutDestination,
  rejections: ["PAYOUT_DESTINATION_NOT_FOUND"],
});

export const updatePayoutDestination = operation({
  id: "updatePayoutDestination",
  method: "PUT",
  path: `${path}/{payout_destination_id}`,
  surface: "accounts",
  summary: "Change a payout destination's name, reference, bank accounts and the like (additive)",
  description: "What is left out stays as it is. The case is changed by `decidePayoutDestination` alone.",
  access: writeAccounts,
  params: ofOne,
  body: UpdatePayoutDestination,
  reply: PayoutDestination,
  rejections: ["PAYOUT_DESTINATION_NOT_FOUND", "BANK_ACCOUNT_NUMBER_INVALID", "CURRENCY_UNKNOWN"],
});

export const decidePayoutDestination = operation({
  id: "decidePayoutDestination",
  method: "POST",
  path: `${path}/{payout_destination_id}/decision`,
  surface: "accounts",
  summary: "Decide a payout destination's case (additive)",
  description:
    "On a server of your own nobody else looks into a seller. Who decided what, when and why is kept among the account's " +
    "changes. Sales are refused from then on where it is no longer ACTIVE; what is open goes on to its end.",
  access: ["admin:accounts"],
  params: ofOne,
  body: CaseDecision,
  reply: PayoutDestination,
  rejections: ["PAYOUT_DESTINATION_NOT_FOUND", "CASE_DECISION_NOT_ALLOWED"],
});

export const createApproval = operation({
  id: "createApproval",
  method: "POST",
  path: approvals,
  surface: "accounts",
  summary: "Create a payout destination by asking for its approval",
  description: "The same payout destination as `createPayoutDestination` makes, in the approvals' words.",
  access: mayCreate,
  params: ofAccount,
  body: CreateApproval,
  reply: Approval,
  rejections: ["PAYOUT_DESTINATION_EXISTS", "BANK_ACCOUNT_NUMBER_INVALID", "CURRENCY_UNKNOWN"],
});

export const listApprovals = operation({
  id: "listApprovals",
  method: "GET",
  path: approvals,
  surface: "accounts",
  summary: "List payout destinations in the approvals' words, newest first",
  access: readAccounts,
  params: ofAccount,
  query: Type.Object({
    // The contract has no pages here, and clients look for theirs in the one answer they ask for.
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 100 })),
    ...filters,
  }),
  reply: Approvals,
  rejections: [],
});
