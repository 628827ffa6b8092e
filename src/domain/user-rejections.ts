/** The refusals about the users of an account and how they sign in. Part of `rejections`. */
export const userRejections = {
  USER_NOT_FOUND: {
    sentence: "There is no user {user_id}.",
    remedy: "Use the `id` that the user's invitation answered, or list the users.",
  },
  USER_EXISTS: {
    sentence: "The account has a user with the email address {email}.",
    remedy: "Make a new invitation for that user, or change their role. Capitals make no difference.",
  },
  LAST_OWNER: {
    sentence: "Without them account {account_id} would have no owner who can sign in.",
    remedy: "Make another user an owner first, and have them accept their invitation.",
  },
  INVITATION_INVALID: {
    sentence: "The invitation is none, has been used, or has expired.",
    remedy: "Ask an owner of the account for a new invitation: it is good for seven days and for one use.",
  },
  INVITATION_NOT_ACCEPTED: {
    sentence: "The invitation has no password yet.",
    remedy: "Send the token and a password to `POST /v1/invitations/accept` first.",
  },
  ONE_TIME_CODE_WRONG: {
    sentence: "The one-time code is wrong, or has been used.",
    remedy: "Send the six digits that the authenticator shows now. Each code works once: wait for the next one.",
  },
  INVALID_CREDENTIALS: {
    sentence: "The email address or the password is wrong.",
    remedy: "Send `username` and `password` of a user of the account in the path. An owner can make a new invitation.",
  },
  // The contract spells this one so (auth section 3).
  mfa_required: {
    sentence: "The password is right; a one-time code is needed besides.",
    remedy: "Send the answer's `mfa_token` and the code, as `otp`, to the same address with the grant type `mfa-oob`.",
  },
  MFA_TOKEN_INVALID: {
    sentence: "The mfa_token is none, has been used, or has expired.",
    remedy: "Send the password again: its answer holds a new one, which is good for five minutes.",
  },
  REFRESH_TOKEN_INVALID: {
    sentence: "The refresh token is none, has been used, or has expired.",
    remedy: "Sign in again with password and code. One that is used twice ends the whole sign-in, as it may be stolen.",
  },
  TOO_MANY_TRIES: {
    sentence: "Too many wrong passwords or codes. Try again in {retry_after_s} seconds.",
    remedy: "Wait for the seconds in `Retry-After`; until then the right one is not looked at either.",
  },
} satisfies Record<string, { readonly sentence: string; readonly remedy: string }>;
