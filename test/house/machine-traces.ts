/** What is true on one machine only has no place in the tree: its folders, and the registries it installs from. */
import type { SourceTree } from "./project.ts";

/** Put together here, so that this file does not offend against itself. */
const folders = ["work", "root", "home"].map((name) => `/${name}/`);
const hosts = ["registry.npmjs", "registry.yarnpkg", "deb.debian", "security.debian", "snapshot.debian"];

/** After these characters the slash goes on with a longer path or address, which is somebody else's. */
const folder = new RegExp(`(?<![\\w.~}\\])*-])(?:${folders.join("|")})`);
const host = new RegExp(`(?<![\\w-])(?:${hosts.map((name) => name.replace(".", "\\.")).join("|")})\\.(?:org|com)\\b`);

export function checkMachineTraces(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, text] of tree) {
    for (const [i, line] of text.split("\n").entries()) {
      const place = `${path}:${i + 1}`;
      const named = host.exec(line)?.[0];
      if (named)
        offences.push(`${place} names the registry ${named}; leave the registry to the machine's own settings.`);
      // The lockfile is written by npm, which may name any path a package chose for itself.
      const found = path === "package-lock.json" ? undefined : folder.exec(line)?.[0];
      if (found)
        offences.push(
          `${place} has a path below ${found}, a folder of one machine; write it from the root of the checkout.`,
        );
    }
  }
  return offences;
}
