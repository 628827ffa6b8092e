import { entityMembers } from "../contract/shapes.ts";

const ours = new Set(["id", ...Object.keys(entityMembers)]);

/** What was sent besides, to be kept and given back: not what only the server says, which clients echo now and then. */
export const keptMembers = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !ours.has(name)));
