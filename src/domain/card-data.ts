/**
 * No card number is ever stored or logged. A terminal sends masked numbers; should one send a whole number all the same,
 * in whatever field, it is masked before it goes anywhere (prompt-life section 5).
 */

/**
 * 13 to 19 digits, with the spaces or dashes people print between them. Cards begin with 2 to 6 (ISO/IEC 7812), which
 * leaves times in milliseconds alone.
 */
const candidate = /(?<![\dA-Za-z])[2-6](?:[ -]?\d){12,18}(?![\dA-Za-z])/g;

/** The text with every card number reduced to its first six and last four digits. */
export function maskCardNumbers(text: string): string {
  return text.replace(candidate, (found) => {
    const digits = found.replaceAll(/[ -]/g, "");
    if (!passesLuhn(digits)) return found;
    return `${digits.slice(0, 6)}${"*".repeat(digits.length - 10)}${digits.slice(-4)}`;
  });
}

/** The value with every text in it masked, and the paths of the fields where something was found. */
export function maskCardNumbersDeep<T>(value: T, path = ""): { value: T; found_at: string[] } {
  if (typeof value === "string") {
    const masked = maskCardNumbers(value);
    return { value: masked as T, found_at: masked === value ? [] : [path] };
  }
  if (typeof value === "number") {
    const text = String(value);
    const masked = maskCardNumbers(text);
    return masked === text ? { value, found_at: [] } : { value: masked as T, found_at: [path] };
  }
  if (typeof value !== "object" || value === null) return { value, found_at: [] };
  const found_at: string[] = [];
  const clean = Array.isArray(value) ? [] : {};
  for (const [key, member] of Object.entries(value)) {
    const inner = maskCardNumbersDeep(member, path === "" ? key : `${path}.${key}`);
    found_at.push(...inner.found_at);
    Object.defineProperty(clean, maskCardNumbers(key), {
      value: inner.value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return { value: clean as T, found_at };
}

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
