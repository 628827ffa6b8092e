/** A payment profile's content, as it is asked for. */
import type { NewPaymentProfile } from "../contract/profile.ts";

/** Every account has it, and keeps it (management section 6). */
export const defaultProfileId = "default";

/** What a client says of a profile: the members the contract has, and those that we do not know. */
export interface ProfileContent {
  readonly description: string;
  readonly configuration: NewPaymentProfile["configuration"];
  readonly merchant: object | null;
  readonly url: object | null;
  readonly checkboxes: readonly object[] | null;
  readonly members: Readonly<Record<string, unknown>>;
}

/** Members that are the server's to say; a client that sends one back has said nothing. */
const serverMembers = new Set(
  "id created_at created_by updated_at updated_by deleted_at deleted_by revision account_id".split(" "),
);

export function profileContent(asked: NewPaymentProfile): ProfileContent {
  const { profile_id: _, description, configuration, merchant, url, checkboxes, ...others } = asked;
  const members = Object.fromEntries(Object.entries(others).filter(([name]) => !serverMembers.has(name)));
  return {
    description,
    configuration,
    merchant: merchant ?? null,
    url: url ?? null,
    checkboxes: checkboxes ?? null,
    members,
  };
}

/** Of the members that became something else, what they became; one that is gone became `null`. */
export const changedMembers = (before: ProfileContent, content: ProfileContent): object =>
  Object.fromEntries(
    Object.entries(content).filter(([name, value]) => !isSame(value, before[name as keyof ProfileContent])),
  );

/** The same JSON, in whatever order its members stand: the database keeps an order of its own. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  const members = other as Record<string, unknown>;
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => name in other && isSame((one as Record<string, unknown>)[name], members[name]))
  );
}
