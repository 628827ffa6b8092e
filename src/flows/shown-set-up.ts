/** Stores, sellers, terminals and what else can be read and told of: one form for whoever asks and whoever is told. */

import type { Hook } from "../contract/hook.ts";
import type { Incident } from "../contract/incident.ts";
import type { Approval, PayoutDestination } from "../contract/payout-destination.ts";
import type { Settlement } from "../contract/settlement.ts";
import type { AccountStore } from "../contract/store.ts";
import type { Terminal } from "../contract/terminal.ts";
import { incidentRules } from "../domain/incident.ts";
import { present } from "../domain/present.ts";
import type { Hook as HookRow } from "../storage/hooks.ts";
import type { Incident as IncidentRow } from "../storage/incidents.ts";
import type { PayoutDestination as SellerRow } from "../storage/payout-destinations.ts";
import type { Settlement as SettlementRow } from "../storage/settlements.ts";
import type { FurnishedStore } from "../storage/stores.ts";
import type { TerminalRow } from "../storage/terminal-registry.ts";

/** As the row says it, before what was sent beside it: no member of the contract's is overruled by one that is not. */
export function storeOf({ members, link, seller, terminals, ...row }: FurnishedStore): AccountStore {
  const { account_id: _, payout_destination_id: __, ...own } = row;
  return {
    ...members,
    ...present(own),
    ...(seller === null
      ? {}
      : {
          payout_destination: {
            ...link,
            payout_destination_id: seller.payout_destination_id,
            ...present({ status: seller.case_status, type: seller.type }),
          },
        }),
    verified: seller?.case_status === "ACTIVE",
    number_of_terminals: terminals.length,
    operator_payout_destinations: operatorsOf(seller, link.merchant_category_code),
    terminals: [...terminals],
  } as AccountStore;
}

function operatorsOf(seller: FurnishedStore["seller"], merchant_category_code: unknown) {
  if (seller === null) return [];
  const { organization_number, trade_name, name } = seller.organization ?? {};
  const operator = {
    payout_destination_id: seller.payout_destination_id,
    status: seller.case_status,
    type: seller.type,
    organization_number: organization_number ?? null,
    name: seller.name ?? name ?? null,
    trade_name: trade_name ?? null,
    merchant_category_code: merchant_category_code ?? seller.merchant_category_code,
  };
  return [present(operator)];
}

/** As the row says it, before what was sent beside it: no member of the contract's is overruled by one that is not. */
export function sellerOf({ members, ...row }: SellerRow): PayoutDestination {
  return { ...members, ...present(row) } as PayoutDestination;
}

const approvalIntervals = { day: "daily", week: "weekly", month: "monthly", manual: "manual" } as const;

export function approvalOf({
  members,
  name,
  description,
  payout_interval_type,
  organization,
  ...row
}: SellerRow): Approval {
  const { account_id: _, country_code, ...known } = row;
  const renamed = {
    payout_destination_name: name,
    payout_destination_description: description,
    payout_interval_type: payout_interval_type === null ? null : approvalIntervals[payout_interval_type],
    organization_number: organization?.organization_number ?? null,
    country_code: country_code ?? organization?.country_code ?? organization?.country ?? null,
  };
  return { ...members, ...present({ ...known, organization, ...renamed }), links: [] } as unknown as Approval;
}

export function terminalOf({ members, store, ...row }: TerminalRow, includes: readonly string[] = []): Terminal {
  return { ...members, ...present(row), ...(includes.includes("store") ? { store } : {}) };
}

export const incidentOf = (row: IncidentRow): Incident => ({ ...present(row), ...incidentRules[row.kind] });

/** Of its secret the kind alone. */
export function hookOf({ account_id: _, members, url, secret_type, insecure_ssl, ...row }: HookRow): Hook {
  const { config: of_config, ...others } = members;
  const config = {
    ...(of_config as object | undefined),
    url,
    content_type: "application/json" as const,
    ...(secret_type === null ? {} : { secret: { type: secret_type } }),
    insecure_ssl: insecure_ssl ? 1 : 0,
  };
  const { id, events, exclude_fields, ...told } = row;
  const excluded = exclude_fields === null ? {} : { exclude_fields: [...exclude_fields] };
  return { ...others, id, config, events: [...events], ...excluded, ...present(told) };
}

/** The one who carries an in-person payment: as a transaction's payment_product. */
export const settlementProvider = "seitatech";

export const reportName = ({ provider_reference }: SettlementRow): string => `settlement-${provider_reference}.csv`;

export function settlementOf(account_id: string, row: SettlementRow): Settlement {
  const { is_test, amounts, ...facts } = row;
  const url = `/v1/accounts/${account_id}/settlements/${row.id}/items.csv`;
  return {
    ...facts,
    provider: settlementProvider,
    attachments: [{ name: reportName(row), content_type: "text/csv", url }],
    amounts: amounts.map(({ capture, refund, fee, currency }) => {
      return { amount: capture - refund - fee, capture, refund, fee, currency };
    }),
    ...(is_test ? { test: true } : {}),
  };
}
