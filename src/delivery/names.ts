/**
 * The addresses of a name. The system's own look-up takes one of a few threads for as long as it lasts, so that names whose
 * servers are silent would keep all others waiting; asking the name servers ourselves takes none.
 */
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";

/** Who knows the addresses of a name: all of them, as of now. */
export type Resolve = (
  name: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** The system gives a name server five seconds, twice; a callback has ten for everything. */
const resolver = new Resolver({ timeout: 2_000, tries: 2 });

/** What nobody knows but this machine, the system is asked for; it reads that in a file. */
export const resolveName: Resolve = (name, callback) => {
  const family = isIP(name);
  if (family !== 0) return callback(null, [{ address: name, family }]);
  const askSystem = () => systemLookup(name, { all: true }, (error, addresses) => callback(error, addresses ?? []));
  if (!/.\../.test(name) || /\.localhost\.?$/i.test(name)) return askSystem();
  Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]).then(([four, six]) => {
    const found = [
      ...(four.status === "fulfilled" ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === "fulfilled" ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
    if (found.length > 0) return callback(null, found);
    const silent = [four, six].find((asked) => asked.status === "rejected" && asked.reason.code === "ETIMEOUT");
    if (silent?.status === "rejected") return callback(silent.reason, []);
    askSystem();
  });
};
