/** The refusals of what sets sellers and stores up. Part of `rejections`. */
export const sellerRejections = {
  PAYOUT_DESTINATION_NOT_FOUND: {
    sentence: "There is no payout destination {payout_destination_id}.",
    remedy: "Use the `payout_destination_id` it was created with, and a token of the same account.",
  },
  PAYOUT_DESTINATION_EXISTS: {
    sentence: "There is a payout destination {payout_destination_id} already.",
    remedy: "Read it, and change it with `PUT`; or choose another id. An id is never given out again.",
  },
  BANK_ACCOUNT_NUMBER_INVALID: {
    sentence: "The bank account number is not valid: {reason}",
    remedy:
      "Copy the number from the bank. An IBAN begins with the country and has check digits that find a typing error.",
  },
  CASE_DECISION_NOT_ALLOWED: {
    sentence: "The payout destination {payout_destination_id} is {case_status}; what can follow is: {allowed}.",
    remedy:
      "What is TERMINATED stays so: create another payout destination. What is ARCHIVED is looked into anew first.",
  },
  STORE_NOT_FOUND: {
    sentence: "There is no store {store_id}.",
    remedy: "Use the `store_id` or the generated `id` of the store, with a token of the same account.",
  },
  STORE_EXISTS: {
    sentence: "The id {store_id} has been given to a store already.",
    remedy: "Choose another `store_id`, or leave it out. The id of a deleted store is not given out again.",
  },
  STORE_HAS_OPEN_WORK: {
    sentence: "Something is open in the store {store_id}: {open}.",
    remedy: "Wait until it has ended, or cancel it. Then delete the store or link it to another payout destination.",
  },
  STORE_HAS_TERMINALS: {
    sentence: "Terminals stand in the store {store_id}: {terminal_ids}.",
    remedy: "Delete the terminals or move them to another store first.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
