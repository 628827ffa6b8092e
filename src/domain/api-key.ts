/** Keys of the checkout's administration: what may be one. */

/** As long as those that we make: letters and digits of that number can carry 256 bits. */
const keyMin = 43;
/** A header has to carry it. */
const keyMax = 255;
/** A random text of that length has far more: what has fewer was typed by hand. */
const differentMin = 10;

/** Why this cannot be a key that a caller has chosen; `undefined` if it can. The sentence never repeats the key. */
export function apiKeyProblem(api_key: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(api_key)) return "must hold visible characters of ASCII only, and no space.";
  if (api_key.length < keyMin) return `must be at least ${keyMin} characters, as many as 256 random bits take.`;
  if (api_key.length > keyMax) return `must be at most ${keyMax} characters.`;
  if (new Set(api_key).size < differentMin) return "can be guessed: take 256 random bits.";
  return undefined;
}

/** A key as it stands now. */
export interface ApiKeyStanding {
  readonly account_id: string;
  readonly api_key_id: string;
  /** The client that it stands for. */
  readonly client_id: string;
  /** What it was made with. */
  readonly scope: readonly string[];
  /** What the client is granted now. */
  readonly granted: readonly string[];
  /** When the key, or what was shown for it, ends; null if nothing is settled. */
  readonly ends_at: string | null;
}

/** What a key may do: never more than when it was made, and never more than its client may now. */
export const scopesOfKey = ({ scope, granted }: Pick<ApiKeyStanding, "scope" | "granted">): string[] =>
  scope.filter((one) => granted.includes(one));
