/** What a person may do in an account: their role, and the scopes that it stands for (auth section 5). */
import { type Scope, scopes } from "./scopes.ts";

export const roles = ["owner", "manager", "cashier", "read_only"] as const;
export type Role = (typeof roles)[number];

/** Looked up whenever a token is used: a change of this table, or of somebody's role, is true for tokens that are out. */
const scopesOfRole: Readonly<Record<Role, readonly Scope[]>> = {
  owner: scopes,
  // Sets the shop up and runs it. `admin:accounts` is what lets people and programs in, and decides who is paid out to.
  manager: [
    "admin:checkout",
    "write:checkout",
    "read:checkout",
    "write:checkout:/admin/terminals",
    "read:checkout:/admin/terminals",
    "write:accounts",
    "read:accounts",
    "write:accounts:/management/settings/approvals",
    "read:hooks",
  ],
  // Reads terminals, and not with `read:accounts`, which would show the bank accounts of sellers.
  cashier: ["write:checkout", "read:checkout", "read:checkout:/admin/terminals"],
  read_only: ["read:checkout", "read:checkout:/admin/terminals", "read:accounts", "read:hooks"],
};

export const scopesOf = (role: Role): readonly Scope[] => scopesOfRole[role];

/** A person as they stand now. */
export interface UserStanding {
  readonly role: Role;
  /** The sign-ins that have neither ended nor run out. */
  readonly sign_in_ids: readonly string[];
}

/** What a person's token is good for now, or the sentence that says why it is good for nothing. */
export function goodScopesOfUser(sign_in_id: string, standing: UserStanding | undefined): readonly Scope[] | string {
  if (standing === undefined) return "the user that the token was issued to has been removed.";
  if (!standing.sign_in_ids.includes(sign_in_id)) return "the user has been signed out.";
  return scopesOf(standing.role);
}

export interface Owner {
  readonly id: string;
  /** Has set a password: an invitation that nobody has accepted opens no door. */
  readonly is_active: boolean;
}

/** Whether the account keeps an owner who can sign in; where none could before, whether it keeps one at all. */
export function keepsAnOwner(owners: readonly Owner[], goes: string): boolean {
  const going = owners.find(({ id }) => id === goes);
  if (going === undefined) return true;
  return owners.some(({ id, is_active }) => id !== goes && (is_active || !going.is_active));
}
