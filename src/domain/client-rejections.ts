/** The refusals about API clients and their grants. Part of `rejections`. */
export const clientRejections = {
  CLIENT_NOT_FOUND: {
    sentence: "There is no API client {id}.",
    remedy: "Use the `id` (a UUID) that the client's creation answered, not its `client_id`.",
  },
  CLIENT_ID_TAKEN: {
    sentence: "The account has, or had, an API client called {client_id}.",
    remedy: "Choose another `client_id`. One is never used twice, so that records of who did what keep their meaning.",
  },
  CLIENT_UNKNOWN: {
    sentence: "There is no API client {client_id} to give a grant to.",
    remedy: "Send as `client_id` the `id` (a UUID) that the client's creation answered.",
  },
  GRANT_NOT_FOUND: {
    sentence: "There is no client grant {id}.",
    remedy: "Use the `id` that the grant's creation answered, or list the grants.",
  },
  AUDIENCE_OF_ANOTHER_ACCOUNT: {
    sentence: "The audience {audience} does not end in /v1/accounts/{account_id}.",
    remedy: "Grant for the account in the path: the audience ends in `/v1/accounts/{aid}`, whatever host it names.",
  },
  LAST_ADMINISTRATOR: {
    sentence: "Without it nobody could change the clients of account {account_id} any more.",
    remedy: "Grant `admin:accounts` to another API client of the account first.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
