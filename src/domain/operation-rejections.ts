/** The refusals of what is done with a payment afterwards: captures, voids and refunds. Part of `rejections`. */
export const operationRejections = {
  AMOUNT_NOT_POSITIVE: {
    sentence: "The amount is {amount}; it must be at least 1, in minor units.",
    remedy: "Send what is to be captured or refunded: 39900 is 399.00 NOK.",
  },
  NOT_CAPTURED: {
    sentence: "The transaction is {status}: nothing was captured that could be refunded.",
    remedy:
      "Read the transaction. What is only authorized is voided; what was declined or failed has cost nobody anything.",
  },
  REFUND_OF_UNKNOWN: {
    sentence: "The transaction is UNKNOWN: nobody knows yet whether it was paid.",
    remedy: "Wait until it has been resolved, then refund what was captured.",
  },
  ALREADY_REFUNDED: {
    sentence: "The transaction has been refunded whole.",
    remedy: "Nothing is left to refund. Read the transaction's REFUND events.",
  },
  REFUND_EXCEEDS_REMAINING: {
    sentence:
      "The amount is {amount}, but {remaining} is left to refund; {reserved} is reserved for refunds under way.",
    remedy: "Refund less, or wait for the refunds under way: what they do not use comes free again.",
  },
  REFUND_TERMINAL_MISSING: {
    sentence: "A refund of an in-person payment needs terminal_id: the cardholder approves it by tapping there.",
    remedy: "Send the `terminal_id` of any active terminal of the same seller.",
  },
  TERMINAL_OF_ANOTHER_SELLER: {
    sentence: "The terminal {terminal_id} does not stand in a store of {payout_destination_id}, which was paid.",
    remedy: "Use a terminal whose store is linked to the payout destination of the payment.",
  },
  TERMINAL_CANNOT_REFUND: {
    sentence: "The terminal {terminal_id} cannot show refunds.",
    remedy: "Use another terminal of the same seller.",
  },
  LINE_UNKNOWN: {
    sentence: "The order has no line {line_id}.",
    remedy: "Use a `line_id` of the transaction's items, or leave items out.",
  },
  LINE_AMOUNT_EXCEEDED: {
    sentence: "The line {line_id} asks for {amount}; {remaining} is left of it.",
    remedy: "Take at least 1 and no more than what earlier captures or refunds left of the line.",
  },
  LINE_QUANTITY_EXCEEDED: {
    sentence: "The line {line_id} asks for {quantity} pieces; {remaining} are left of it.",
    remedy: "Take no more pieces than earlier captures or refunds left of the line.",
  },
  LINES_MISMATCH: {
    sentence: "The amount is {amount}, but the items add up to {sum}.",
    remedy: "Send items that add up to the amount, or leave them out.",
  },
  OPERATION_METADATA_INVALID: {
    sentence: "The metadata key {key} does not begin with ext_, or is longer than 128 characters.",
    remedy:
      "Begin the keys of a capture's or a refund's metadata with `ext_`; values are texts of up to 256 characters.",
  },
  NOTHING_TO_CAPTURE: {
    sentence: "The transaction is {status}: nothing is authorized that could be captured.",
    remedy: "Only what was authorized with `auto_capture: false` is captured later, until it is voided or lapses.",
  },
  CAPTURE_EXCEEDS_REMAINING: {
    sentence: "The amount is {amount}, but {remaining} is left to capture.",
    remedy: "Capture less.",
  },
  NOTHING_TO_VOID: {
    sentence: "The transaction is {status}: there is no authorization to void.",
    remedy: "Read the transaction. What was voided stays so; what was captured is given back by a refund.",
  },
  VOID_AFTER_CAPTURE: {
    sentence: "The transaction is {status}: after a capture it can no longer be voided.",
    remedy: "Refund what was captured. The rest of the authorization lapses by itself.",
  },
  OPERATION_UNDER_WAY: {
    sentence: "Another {operation} of the transaction has not been answered by the terminal's host yet.",
    remedy:
      "Wait for its outcome event, then read what is left. Repeat a request under its Idempotency-Key to wait for it.",
  },
  REFUSED_BY_HOST: {
    sentence: "The terminal's host refused the {operation}: {reason}",
    remedy: "Nothing has changed. Read the transaction's failed event, and ask the acquirer why.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
