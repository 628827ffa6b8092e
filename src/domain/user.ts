/** What the users of an account are called, and what a password must be. */

/** The longest address that mail can be sent to (RFC 5321, section 4.5.3.1.3). */
export const emailMax = 254;
export const userNameMax = 200;

/** For where no schema has looked: on the command line. */
export function emailProblem(email: string): string | undefined {
  const is_one = /^[^\s@]+@[^\s@]+$/.test(email) && [...email].length <= emailMax;
  return is_one ? undefined : `"${email}" is no email address, such as kari@example.com.`;
}

export function userNameProblem(name: string): string | undefined {
  const is_one = name !== "" && [...name].length <= userNameMax;
  return is_one ? undefined : `A user's name has 1 to ${userNameMax} characters.`;
}

/** Two addresses of one key are one user's: capitals and ways to write the same letter make no difference. */
export const emailKey = (email: string): string => email.normalize("NFKC").toLowerCase();

/** A client that called itself so could be taken for a user in records of who did what. */
export const isUserId = (text: string): boolean => /^user_[0-9A-Za-z]{22}$/.test(text);

/** NIST 800-63B takes eight at least where a second factor is asked for; twelve is what we hold guessing at bay by. */
export const passwordMin = 12;
/** NIST 800-63B wants at least 64; a limit keeps nobody from hashing a megabyte. */
export const passwordMax = 200;

/** The same password however a keyboard composes its letters (NIST 800-63B: NFKC or NFKD). */
export const normalPassword = (password: string): string => password.normalize("NFKC");

/** Why this cannot be a password; `undefined` if it can. There are no rules of composition: length is what counts. */
export function passwordProblem(password: string): string | undefined {
  const { length } = [...normalPassword(password)];
  if (length < passwordMin) return `must be at least ${passwordMin} characters.`;
  if (length > passwordMax) return `must be at most ${passwordMax} characters.`;
  return undefined;
}
