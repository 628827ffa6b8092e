/** What a session is found by beside its references: conditions on a row called `session`, by `sessions_by_words`. */

type Word = "customer" | "buyer" | "reference";

/**
 * It has any of these, as parameters. A number stands for each in the index, and two texts may have the same one: compare
 * the text besides. The condition of the index is repeated, so that the planner knows that it may be used.
 */
export const hasWord = (what: Word, ...words: readonly string[]): string =>
  `(session.members ? 'customer' OR session."order" ?| '{billing_address,shipping_address,merchant_reference_2}')
    AND session_words(session.account_id, session.members, session."order")
      && ARRAY[${words.map((word) => `session_word($1, '${what}', ${word})`).join(", ")}]`;

/** By the name in an address, small or capital. */
export const hasName = (words: string): string =>
  `lower(${words}) IN (full_name(session."order" -> 'billing_address'), full_name(session."order" -> 'shipping_address'))`;

export const isBuyer = (words: string): string =>
  `(${words} IN (session.members -> 'customer' ->> 'phone_number', session.members -> 'customer' ->> 'email')
    OR ${hasName(words)})`;
