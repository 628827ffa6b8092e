/** Payout destinations, the sellers: one thing, shown as a payout destination and as the approval it began with. */
import Type, { type Static } from "typebox";
import { caseStatuses } from "../domain/payout-destination.ts";
import { Address, email, entityMembers, list, open, requiredText, text } from "./shapes.ts";

export const countryCode = () => Type.String({ pattern: "^[A-Z][A-Z]$", description: "ISO 3166-1 alpha-2" });

export const merchantCategoryCode = () =>
  Type.String({ pattern: "^\\d{1,4}$", description: "ISO 18245, at most four digits" });

const payoutDestinationId = () =>
  Type.String({
    maxLength: 40,
    pattern: "^[A-Za-z0-9_-]+$",
    description: "Yours to choose; never given out again",
  });

const CaseStatus = Type.Enum([...caseStatuses], { description: "The seller can be sold for when it is ACTIVE" });

const bankAccountMembers = {
  bank_account_currency: requiredText("ISO 4217"),
  bank_name: Type.Optional(text()),
  bank_account_number: Type.Optional(text("Spaces, dots and hyphens are kept as they are sent")),
  bank_account_number_type: Type.Optional(Type.Enum(["IBAN", "BBAN"])),
  bank_account_country_code: Type.Optional(countryCode()),
  bank_identification_code: Type.Optional(text("BIC")),
};

const BankAccount = open({ ...bankAccountMembers, payout_currency: Type.Optional(text("ISO 4217")) });
const ApprovalBankAccount = open({ ...bankAccountMembers, payout_currency: requiredText("ISO 4217") });

/** The country of an organization may stand in it, or beside it as `country_code`. */
const Organization = open({
  organization_number: Type.Optional(text()),
  name: Type.Optional(text()),
  trade_name: Type.Optional(text()),
  country: Type.Optional(countryCode()),
  country_code: Type.Optional(countryCode()),
});

/** What both ways of creating one have in common. Address and the like fill what a linked store lacks (additive). */
const common = {
  type: Type.Optional(
    Type.Enum(["company", "individual"], { description: "A company needs its organization number and its country" }),
  ),
  country_code: Type.Optional(countryCode()),
  organization: Type.Optional(Organization),
  individual: Type.Optional(open({ name: Type.Optional(text()), email: Type.Optional(email()) })),
  merchant_category_code: Type.Optional(merchantCategoryCode()),
  address: Type.Optional(Address),
  phone_number: Type.Optional(text("E.123 with a leading +")),
  email: Type.Optional(email()),
  website: Type.Optional(text()),
  form_submitter: Type.Optional(
    open({ email: Type.Optional(email()), name: Type.Optional(text()), title: Type.Optional(text()) }),
  ),
};

const name = (description: string) => Type.Optional(Type.String({ maxLength: 60, description }));
const description = (what: string) => Type.Optional(Type.String({ maxLength: 1000, description: what }));

const testWords =
  "On a test account AUTO_APPROVE, AUTO_DECLINE or AUTO_WAITING_FOR_SIGNATURE in it decides the case at once";

const changeable = {
  name: name("The seller's name"),
  description: description(testWords),
  payout_interval_type: Type.Optional(Type.Enum(["day", "week", "month", "manual"])),
  ...common,
};

export const CreatePayoutDestination = open({
  payout_destination_id: payoutDestinationId(),
  payout_reference: requiredText("Stands on the seller's bank statements"),
  bank_accounts: Type.Array(BankAccount, { minItems: 1, maxItems: 2 }),
  ...changeable,
  payout_destination_description: description("The same as `description`, which is taken where both are sent"),
});
export type CreatePayoutDestination = Static<typeof CreatePayoutDestination>;

export const UpdatePayoutDestination = open(
  {
    payout_destination_id: Type.Optional(text("Cannot be changed")),
    payout_reference: Type.Optional(requiredText("Stands on the seller's bank statements")),
    bank_accounts: Type.Optional(Type.Array(BankAccount, { minItems: 1, maxItems: 2 })),
    ...changeable,
  },
  "What is left out stays as it is",
);
export type UpdatePayoutDestination = Static<typeof UpdatePayoutDestination>;

const LinkedTerminal = open({
  terminal_id: text(),
  device_serial_number: text(),
  status: text(),
  store_id: text(),
});
const LinkedStore = open({ store_id: text(), id: text(), store_name: Type.Optional(text()), status: text() });

export const PayoutDestination = open({
  id: text("A UUID"),
  account_id: text(),
  payout_destination_id: text(),
  case_status: CaseStatus,
  payout_reference: Type.Optional(text()),
  bank_accounts: list(BankAccount),
  ...changeable,
  ...entityMembers,
  terminals: Type.Optional(list(LinkedTerminal)),
  stores: Type.Optional(list(LinkedStore)),
  number_of_terminals: Type.Optional(Type.Integer()),
  number_of_stores: Type.Optional(Type.Integer()),
});
export type PayoutDestination = Static<typeof PayoutDestination>;

export const PayoutDestinations = open({
  payout_destinations: list(PayoutDestination),
  starting_after: Type.Optional(text("Send it back for the next page; left out on the last one")),
});

const approvalMembers = {
  language: Type.Optional(Type.Enum(["en", "no"])),
  payout_destination_name: name("The seller's name"),
  payout_destination_description: description(testWords),
  organization_number: Type.Optional(text()),
  ...common,
};

export const CreateApproval = open({
  payout_destination_id: payoutDestinationId(),
  payout_reference: Type.String({ minLength: 1, maxLength: 60, description: "Stands on the seller's bank statements" }),
  bank_accounts: Type.Array(ApprovalBankAccount, { minItems: 1, maxItems: 1 }),
  payout_interval_type: Type.Optional(Type.Enum(["daily", "weekly", "monthly"])),
  settlement_report_configuration: Type.Optional(
    open({ emails: list(Type.String({ format: "email", minLength: 1 })) }),
  ),
  ...approvalMembers,
});
export type CreateApproval = Static<typeof CreateApproval>;

const Link = open({
  href: text(),
  rel: Type.Enum([
    "contract_url",
    "cdd_case_url",
    "dintero_cdd_case_url",
    "declaration_url",
    "signed_contract_file_url",
  ]),
});

export const Approval = open({
  id: text("A UUID"),
  payout_destination_id: text(),
  case_status: CaseStatus,
  payout_reference: Type.Optional(text()),
  bank_accounts: list(BankAccount),
  payout_interval_type: Type.Optional(Type.Enum(["daily", "weekly", "monthly", "manual"])),
  ...approvalMembers,
  links: list(Link),
  ...entityMembers,
});
export type Approval = Static<typeof Approval>;

export const Approvals = open({
  payout_destinations: list(Approval),
  starting_after: Type.Optional(text("Send it back for the next page; left out on the last one")),
});

export const CaseDecision = open({
  case_status: Type.Enum(caseStatuses.filter((status) => status !== "AUTOMATIC_REVIEW")),
  reason: Type.String({ minLength: 1, description: "For whoever reads this later" }),
});
