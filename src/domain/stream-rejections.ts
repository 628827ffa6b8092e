/** The refusals of a stream that is to go on from a place. Part of `rejections`. */
export const streamRejections = {
  STREAM_PLACE_UNKNOWN: {
    sentence: "The stream ends at {last_position}, before the Last-Event-ID {position}.",
    remedy:
      "Send the id of an event that this account's stream gave you. After a restore of an older backup read the " +
      "transactions, and follow the stream anew without Last-Event-ID.",
  },
  EVENTS_FORGOTTEN: {
    sentence: "Events that should come next have been forgotten: {reason}",
    remedy:
      "Read the session or the transactions, and then follow the account's stream anew without Last-Event-ID, for what " +
      "happens from now on.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
