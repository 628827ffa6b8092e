import type { Handler } from "../contract/operation.ts";
import type { Operations } from "../contract/operations.ts";
import type {
  CreateApproval,
  CreatePayoutDestination,
  UpdatePayoutDestination,
} from "../contract/payout-destination.ts";
import { type BankAccount, refusalOfBankAccounts } from "../domain/bank-account.ts";
import { fieldError, Rejection } from "../domain/rejections.ts";
import {
  createPayoutDestination as create,
  decidePayoutDestination as decide,
  updatePayoutDestination as update,
} from "../flows/payout-destination.ts";
import { approvalOf, sellerOf } from "../flows/shown-set-up.ts";
import type { World } from "../flows/world.ts";
import { listSellers, readSeller, readSellerPlaces, type SellerFilter } from "../storage/payout-destinations.ts";
import { bankNumberRules } from "./bank-numbers.ts";
import { onlySent, orNull, otherMembers } from "./own-members.ts";
import { pageOf, unknownCursor } from "./pages.ts";

export const createPayoutDestination =
  (world: World): Handler<Operations["createPayoutDestination"]> =>
  async ({ account_id, client_id, body }) => {
    checkBankAccounts(body.bank_accounts);
    checkCompany(body.type, ["organization", "organization_number"], {
      organization_number: body.organization?.organization_number,
      country_code: countryOf(body),
    });
    const { payout_destination_id } = body;
    return sellerOf(await create(world, { account_id, client_id, payout_destination_id, facts: factsOf(body) }));
  };

export const createApproval =
  (world: World): Handler<Operations["createApproval"]> =>
  async ({ account_id, client_id, body }) => {
    checkBankAccounts(body.bank_accounts);
    const organization = organizationOf(body);
    const organization_number = organization?.organization_number;
    checkCompany(body.type, ["organization_number"], { organization_number, country_code: countryOf(body) });
    const { payout_destination_id } = body;
    return approvalOf(
      await create(world, { account_id, client_id, payout_destination_id, facts: approvedFactsOf(body) }),
    );
  };

export const updatePayoutDestination =
  (world: World): Handler<Operations["updatePayoutDestination"]> =>
  async ({ account_id, client_id, params: { payout_destination_id }, body }) => {
    if (body.bank_accounts !== undefined) checkBankAccounts(body.bank_accounts);
    const wanted = body.payout_destination_id;
    if (wanted !== undefined && wanted !== payout_destination_id) {
      throw fieldRefusal(
        "FIXED",
        ["payout_destination_id"],
        "cannot be changed: stores and sales name the seller by it.",
      );
    }
    const { members, ...said } = splitOf(body);
    const sent = { ...onlySent(said), members };
    return sellerOf(await update(world, { account_id, client_id, payout_destination_id, said: sent }));
  };

export const decidePayoutDestination =
  (world: World): Handler<Operations["decidePayoutDestination"]> =>
  async ({ account_id, client_id, params: { payout_destination_id }, body: { case_status, reason } }) =>
    sellerOf(await decide(world, { account_id, client_id, payout_destination_id, case_status, reason }));

export const readPayoutDestination =
  (world: World): Handler<Operations["readPayoutDestination"]> =>
  async ({ account_id, params: { payout_destination_id } }) => {
    const seller = await readSeller(world.db, account_id, payout_destination_id);
    if (seller === undefined) throw new Rejection("PAYOUT_DESTINATION_NOT_FOUND", { payout_destination_id });
    const { stores, terminals } = await readSellerPlaces(world.db, account_id, payout_destination_id);
    const counts = { number_of_stores: stores.length, number_of_terminals: terminals.length };
    return { ...sellerOf(seller), stores, terminals, ...counts };
  };

export const listPayoutDestinations =
  (world: World): Handler<Operations["listPayoutDestinations"]> =>
  async ({ account_id, query: { limit = limitDefault, ...filter } }) => {
    const { page, cursor } = await readPage(world, account_id, { ...filter, limit });
    return { payout_destinations: page.map(sellerOf), ...cursor };
  };

export const listApprovals =
  (world: World): Handler<Operations["listApprovals"]> =>
  async ({ account_id, query: { limit = approvalsDefault, ...filter } }) => {
    const { page, cursor } = await readPage(world, account_id, { ...filter, limit });
    return { payout_destinations: page.map(approvalOf), ...cursor };
  };

const limitDefault = 10;
const approvalsDefault = 100;

async function readPage({ db }: World, account_id: string, asked: SellerFilter) {
  const { starting_after } = asked;
  const rows = await listSellers(db, account_id, { ...asked, limit: asked.limit + 1 });
  if (rows.length === 0 && starting_after !== undefined) {
    if ((await readSeller(db, account_id, starting_after)) === undefined) throw unknownCursor();
  }
  return pageOf(rows, asked.limit, ({ payout_destination_id }) => payout_destination_id);
}

function checkBankAccounts(accounts: readonly BankAccount[]): void {
  const refusal = refusalOfBankAccounts(accounts, bankNumberRules);
  if (refusal !== undefined) throw refusal;
}

/** A company is known by its number and its country. */
function checkCompany(
  type: string | undefined,
  number_path: readonly string[],
  { organization_number, country_code }: { organization_number: unknown; country_code: unknown },
): void {
  if (type !== "company") return;
  const problem = "is required of a company.";
  if (!organization_number) throw fieldRefusal("REQUIRED", number_path, problem);
  if (!country_code) throw fieldRefusal("REQUIRED", ["country_code"], problem);
}

const fieldRefusal = (code: string, path: readonly string[], problem: string): Rejection =>
  Rejection.ofFields(`${path.join(".")} ${problem}`, [fieldError(code, path, problem)]);

const countryOf = ({ country_code, organization }: Pick<CreatePayoutDestination, "country_code" | "organization">) =>
  country_code ?? organization?.country_code ?? organization?.country;

/** What has a column of its own, and the other members as they were sent. */
function splitOf(body: UpdatePayoutDestination) {
  const { payout_destination_id: _, name, description, payout_reference, bank_accounts, type, ...more } = body;
  const { payout_interval_type, merchant_category_code, country_code, organization, ...rest } = more;
  const { address, phone_number, email, website, ...others } = rest;
  const told = { name, description, payout_reference, bank_accounts, type, payout_interval_type };
  const known = { merchant_category_code, country_code, organization, address, phone_number, email, website };
  return { ...told, ...known, members: otherMembers(others) };
}

function factsOf({ payout_destination_description, bank_accounts, ...body }: CreatePayoutDestination) {
  const description = body.description ?? payout_destination_description;
  const { members, ...said } = splitOf({ ...body, description } as UpdatePayoutDestination);
  return { ...orNull(said), members, bank_accounts };
}

const intervals = { daily: "day", weekly: "week", monthly: "month" } as const;

function approvedFactsOf({ bank_accounts, payout_interval_type: interval, ...body }: CreateApproval) {
  const { payout_destination_name, payout_destination_description, ...rest } = body;
  const { organization_number, organization, ...others } = rest;
  const { members, ...said } = splitOf(others as UpdatePayoutDestination);
  const payout_interval_type = interval === undefined ? undefined : intervals[interval];
  const renamed = {
    name: payout_destination_name ?? said.name,
    description: payout_destination_description ?? said.description,
    payout_interval_type,
    organization: organizationOf({ organization_number, organization }),
  };
  return { ...orNull({ ...said, ...renamed }), members, bank_accounts };
}

interface NumberedOrganization {
  readonly organization_number?: string | undefined;
  readonly organization?: CreateApproval["organization"] | undefined;
}

/** An approval has the number beside the organization. */
function organizationOf({ organization_number, organization }: NumberedOrganization) {
  return organization_number === undefined ? organization : { ...organization, organization_number };
}
