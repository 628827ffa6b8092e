/** A seller's case: how it begins, what may be decided about it, and what a seller may still be used for. */
import { isTestAccount } from "./ids.ts";
import { Rejection } from "./rejections.ts";

export const caseStatuses = [
  "ACTIVE",
  "DECLINED",
  "UNDER_MANUAL_REVIEW",
  "AUTOMATIC_REVIEW",
  "WAITING_FOR_SIGNATURE",
  "WAITING_FOR_DECLARATION",
  "ERROR",
  "ARCHIVED",
  "WAITING_FOR_DETAILS",
  "TERMINATED",
] as const;
export type CaseStatus = (typeof caseStatuses)[number];

/** Words in a test seller's description that end its case at once (management section 5.2). */
const testWords: readonly (readonly [word: RegExp, case_status: CaseStatus])[] = [
  [/\bAUTO_APPROVE\b/, "ACTIVE"],
  [/\bAUTO_DECLINE\b/, "DECLINED"],
  [/\bAUTO_WAITING_FOR_SIGNATURE\b/, "WAITING_FOR_SIGNATURE"],
];

/** Nobody here looks into a seller: its case waits for a person's decision, but for the words on a test account. */
export function firstCaseStatus(account_id: string, description = ""): CaseStatus {
  const spoken = isTestAccount(account_id) ? testWords.find(([word]) => word.test(description)) : undefined;
  return spoken?.[1] ?? "AUTOMATIC_REVIEW";
}

/** What a person may decide. AUTOMATIC_REVIEW is how a case begins, and nothing leads back to it. */
const decidable = caseStatuses.filter((status) => status !== "AUTOMATIC_REVIEW");

/** What may follow each. A seller that was put away is looked into before it is paid again; one that left stays away. */
const followers: Readonly<Record<CaseStatus, readonly CaseStatus[]>> = {
  AUTOMATIC_REVIEW: decidable,
  UNDER_MANUAL_REVIEW: decidable,
  WAITING_FOR_SIGNATURE: decidable,
  WAITING_FOR_DECLARATION: decidable,
  WAITING_FOR_DETAILS: decidable,
  ERROR: decidable,
  ACTIVE: decidable,
  DECLINED: decidable,
  ARCHIVED: ["UNDER_MANUAL_REVIEW", "TERMINATED"],
  TERMINATED: [],
};

interface Seller {
  readonly payout_destination_id: string;
  readonly case_status: CaseStatus;
}

/** Deciding what has been decided already is not refused: it changes nothing. */
export function refusalOfDecision({ payout_destination_id, case_status }: Seller, decided: CaseStatus) {
  if (decided === case_status || followers[case_status].includes(decided)) return undefined;
  const allowed = followers[case_status].join(", ") || "nothing";
  return new Rejection("CASE_DECISION_NOT_ALLOWED", { payout_destination_id, case_status, allowed }, "case_status");
}

/** A seller that was put away or has left is linked to no store any more. */
export function refusalOfLink(payout_destination_id: string, case_status: CaseStatus | undefined) {
  const field = "payout_destination.payout_destination_id";
  if (case_status === undefined) return new Rejection("PAYOUT_DESTINATION_UNKNOWN", { payout_destination_id }, field);
  if (case_status !== "ARCHIVED" && case_status !== "TERMINATED") return undefined;
  return new Rejection("PAYOUT_DESTINATION_NOT_ACTIVE", { payout_destination_id, case_status }, field);
}
