/**
 * No card number is ever stored or logged. A terminal sends masked numbers; should one send a whole number all the same,
 * in whatever field, it is masked before it goes anywhere (prompt-life section 5).
 */

/** Groups of digits with the spaces or dashes people print between them; a chip's track 2 goes on with D and digits. */
const digitGroups = /(?<![\dA-Za-z])\d+(?:[ -]\d+)*(?![\dA-Z]*[A-CE-Za-z]|D(?!\d{7}))/g;

/** The text with every card number reduced to its first six and last four digits. */
export function maskCardNumbers(text: string): string {
  // Most texts are short of thirteen digits, and need no closer look.
  if (!/\d(?:[ -]?\d){12}/.test(text)) return text;
  return text.replace(digitGroups, maskAmongGroups);
}

/** In the field for a masked number, more than ten digits are no mask, whatever their check digit says. */
const maskWhole = (text: string): string =>
  text.replace(/\d(?:[ -]?\d){10,}/g, (found) => {
    const digits = found.replaceAll(/[ -]/g, "");
    return `${digits.slice(0, 6)}${"*".repeat(digits.length - 10)}${digits.slice(-4)}`;
  });

/** A card number may stand beside other digits (an expiry date, a line number): every run of whole groups is tried. */
function maskAmongGroups(found: string): string {
  const groups = found.split(/([ -])/);
  for (let first = 0; first < groups.length; first += 2) {
    for (let last = groups.length - 1; last >= first; last -= 2) {
      const digits = groups
        .slice(first, last + 1)
        .filter((_, index) => index % 2 === 0)
        .join("");
      if (!isCardNumber(digits)) continue;
      const before = groups.slice(0, first).join("");
      const separator = groups[last + 1] ?? "";
      const after = groups.slice(last + 2).join("");
      const masked = `${digits.slice(0, 6)}${"*".repeat(digits.length - 10)}${digits.slice(-4)}`;
      return `${before}${masked}${separator}${maskAmongGroups(after)}`;
    }
  }
  return found;
}

/** 13 to 19 digits that begin with 2 to 6 (ISO/IEC 7812), which leaves times in milliseconds alone. */
const isCardNumber = (digits: string): boolean => /^[2-6]\d{12,18}$/.test(digits) && passesLuhn(digits);

const depthMax = 32;

/** The value with every text in it masked, and the paths of the fields where something was found. */
export function maskCardNumbersDeep<T>(value: T, path = ""): { value: T; found_at: string[] } {
  if (typeof value === "string") {
    const text = keepable(value);
    const masked = /(^|\.)masked_pan$/.test(path) ? maskWhole(text) : maskCardNumbers(text);
    return { value: masked as T, found_at: masked === text ? [] : [path] };
  }
  if (typeof value === "number") {
    const text = String(value);
    const masked = maskCardNumbers(text);
    return masked === text ? { value, found_at: [] } : { value: masked as T, found_at: [path] };
  }
  if (typeof value !== "object" || value === null) return { value, found_at: [] };
  // Nothing that a terminal has to say nests deeper, and neither our stack nor the database's is without end.
  if (path.split(".").length > depthMax) return { value: "(nested too deep)" as T, found_at: [] };
  const found_at: string[] = [];
  const clean = Array.isArray(value) ? [] : {};
  for (const [key, member] of Object.entries(value)) {
    const name = maskCardNumbers(keepable(key));
    const here = path === "" ? name : `${path}.${name}`;
    if (name !== keepable(key)) found_at.push(here);
    const inner = maskCardNumbersDeep(member, here);
    found_at.push(...inner.found_at);
    Object.defineProperty(clean, name, {
      value: inner.value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return { value: clean as T, found_at };
}

/** What no database keeps in a text, the character NUL and half a surrogate pair, becomes the replacement character. */
const keepable = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = Number(digits.charAt(digits.length - 1 - index));
    if (index % 2 === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  return sum % 10 === 0;
}
