/**
 * Which members of a message a receiver wants to see (callbacks-and-webhooks C2).
 *
 *   fields           a,b   a/b   a(b,c)            what is kept, from the message's root
 *   exclude_fields   customer_ip   transaction/card   what is dropped: a bare name wherever it stands, a path from the root
 *
 * A star stands for any one name.
 * Lists are walked: a mask of a list is a mask of each of its elements. A mask takes away and never adds.
 */

/** What is kept of an object's members: of one by its name, and of every one. */
export interface Mask {
  /** All of it, whatever is beneath. */
  readonly whole: boolean;
  readonly members: ReadonlyMap<string, Mask>;
  /** What `*` keeps of each member. */
  readonly every: Mask | undefined;
}

export interface MaskProblem {
  readonly problem: string;
  /** Counted from 1, in characters. */
  readonly position: number;
}

export const isProblem = (parsed: Mask | readonly string[] | MaskProblem): parsed is MaskProblem => "problem" in parsed;

const whole: Mask = { whole: true, members: new Map(), every: undefined };
const nothing: Mask = { whole: false, members: new Map(), every: undefined };

/** Both together: what either keeps is kept. */
function united(one: Mask, other: Mask): Mask {
  if (one.whole || other.whole) return whole;
  const members = new Map(one.members);
  for (const [name, mask] of other.members) members.set(name, united(members.get(name) ?? nothing, mask));
  const every = one.every && other.every ? united(one.every, other.every) : (one.every ?? other.every);
  return { whole: false, members, every };
}

class Unreadable extends Error {
  readonly position: number;

  constructor(problem: string, position: number) {
    super(problem);
    this.position = position;
  }
}

/** What separates names; a name holds none of it. Spaces around names are looked past. */
const separators = /[\s,/()]/;

class MaskText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Mask {
    const mask = this.#list();
    if (this.#at < this.#text.length) throw this.#expected("a comma or the end");
    return mask;
  }

  /** `a,b`, up to the end or a closing parenthesis. */
  #list(): Mask {
    let mask = this.#path();
    while (this.#takes(",")) mask = united(mask, this.#path());
    return mask;
  }

  /** `a/b` or `a(b,c)`. */
  #path(): Mask {
    const name = this.#name();
    let inner = whole;
    if (this.#takes("/")) inner = this.#path();
    else if (this.#takes("(")) {
      inner = this.#list();
      if (!this.#takes(")")) throw this.#expected("a comma or a closing parenthesis");
    }
    if (name === "*") return { whole: false, members: new Map(), every: inner };
    return { whole: false, members: new Map([[name, inner]]), every: undefined };
  }

  #name(): string {
    this.#skipSpaces();
    const start = this.#at;
    while (this.#at < this.#text.length && !separators.test(this.#text.charAt(this.#at))) this.#at++;
    const name = this.#text.slice(start, this.#at);
    if (name === "") throw this.#expected("a name");
    const star = name === "*" ? -1 : name.indexOf("*");
    if (star >= 0) throw new Unreadable("has a * inside a name, where it stands for a whole one", start + star + 1);
    this.#skipSpaces();
    return name;
  }

  #takes(sign: string): boolean {
    this.#skipSpaces();
    if (this.#text.charAt(this.#at) !== sign) return false;
    this.#at++;
    return true;
  }

  #skipSpaces(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #expected(what: string): Unreadable {
    return new Unreadable(`lacks ${what}`, this.#at + 1);
  }
}

/** Reads `fields`. */
export function parseFields(text: string): Mask | MaskProblem {
  return read(() => new MaskText(text).read());
}

/** Reads one of `exclude_fields`: a name, or a path, of which each part may be `*`. Answers its parts. */
export function parseExcluded(text: string): readonly string[] | MaskProblem {
  const parts: string[] = [];
  let at = 0;
  for (const part of text.split("/")) {
    const sign = /[\s,()]/.exec(part);
    if (part === "") return { problem: "lacks a name", position: at + 1 };
    if (sign !== null) return { problem: "holds more than one name or path", position: at + sign.index + 1 };
    const star = part === "*" ? -1 : part.indexOf("*");
    if (star >= 0)
      return { problem: "has a * inside a name, where it stands for a whole one", position: at + star + 1 };
    parts.push(part);
    at += part.length + 1;
  }
  if (parts.every((part) => part === "*")) return { problem: "names no member: everything would go", position: 1 };
  return parts;
}

function read(parse: () => Mask): Mask | MaskProblem {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message, position: error.position };
    throw error;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** What the mask keeps of a value; `undefined` where that is nothing. */
export function kept(value: unknown, mask: Mask): unknown {
  if (mask.whole) return value;
  if (Array.isArray(value)) return value.map((element) => kept(element, mask)).filter((each) => each !== undefined);
  if (!isObject(value)) return undefined;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const mask_of_member = maskOf(mask, name);
    const found = mask_of_member === undefined ? undefined : kept(member, mask_of_member);
    return found === undefined ? [] : [[name, found] as const];
  });
  return Object.fromEntries(members);
}

/** What is kept of the member of this name: what its own mask keeps, and what `*` does. */
function maskOf({ members, every }: Mask, name: string): Mask | undefined {
  const own = members.get(name);
  return own !== undefined && every !== undefined ? united(own, every) : (own ?? every);
}

/** The value without what the path leads to, from here. */
function withoutPath(value: unknown, [first, ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((element) => withoutPath(element, [first ?? "", ...rest]));
  if (!isObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    if (first !== "*" && first !== name) return [[name, member] as const];
    return rest.length === 0 ? [] : [[name, withoutPath(member, rest)] as const];
  });
  return Object.fromEntries(members);
}

/** The value without these names, at every depth. */
function withoutNames(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((element) => withoutNames(element, names));
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([name]) => !names.has(name));
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNames(member, names)]));
}

/** The value without what is excluded: bare names wherever they stand, paths from the root. */
export function withoutExcluded(value: unknown, excluded: readonly (readonly string[])[]): unknown {
  const names = new Set(excluded.flatMap((parts) => (parts.length === 1 ? parts : [])));
  const paths = excluded.filter((parts) => parts.length > 1);
  return paths.reduce<unknown>(withoutPath, withoutNames(value, names));
}
