/** What a token may be used for (auth section 5). */
export const scopes = [
  "admin:checkout",
  "write:checkout",
  "read:checkout",
  "write:checkout:/admin/terminals",
  "read:checkout:/admin/terminals",
  "admin:accounts",
  "write:accounts",
  "read:accounts",
  "write:accounts:/management/settings/approvals",
  "write:accounts:/fund-transfers",
  "admin:payout",
  "write:payout",
  "admin:hooks",
  "write:hooks",
  "read:hooks",
] as const;

export type Scope = (typeof scopes)[number];
