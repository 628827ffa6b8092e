/** The refusals around settlements. Part of `rejections`. */
export const settlementRejections = {
  SETTLEMENT_NOT_FOUND: {
    sentence: "There is no settlement {settlement_id}.",
    remedy: "Use an `id` of `GET /v1/accounts/{aid}/settlements`, with a token of the same account.",
  },
  TEST_SETTLEMENT_OF_LIVE_ACCOUNT: {
    sentence: "Test settlements are made on test accounts (T…) only.",
    remedy: "Use the test account. On a live one each day is settled by itself after its midnight.",
  },
  TRANSACTION_UNKNOWN: {
    sentence: "There is no transaction {transaction_id}.",
    remedy: "Use the `id` of a transaction of the account.",
  },
  NOTHING_TO_SETTLE: {
    sentence: "There is nothing to make a test settlement of: {reason}",
    remedy: "Choose transactions of which something is captured.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
