/** What a change of the set-up is recorded as: the members that it touches, with what they became. */

type Members = Readonly<Record<string, unknown>>;

/** Those that say something. */
export const saidMembers = (members: object): Members =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));

/** Those that are another now; `undefined` if none is. */
export function changedMembers(before: Members, after: Members): Members | undefined {
  const changed = Object.entries(after).filter(([name, value]) => !isSame(value, before[name]));
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/** The order of an object's members says nothing: the database keeps one of its own. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => Object.hasOwn(other, name) && isSame((one as Members)[name], (other as Members)[name]));
}
