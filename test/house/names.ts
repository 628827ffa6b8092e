/** Names say what a thing is: one spelling for files, and no words that fit anything. */
import { isProgramFolder, type SourceTree } from "./project.ts";

const vagueWords = new Set(
  "common util utils helper helpers manager managers service services lib libs misc impl".split(" "),
);

/** A migration's number comes first, and its words stand as they do in SQL. */
const migration = /^\d{4}_[a-z0-9_]+\.sql$/;
/** `README.md`, `LICENSE`: the names that everybody looks for. */
const knownDocument = /^[A-Z]+(\.md)?$/;
const kebabCase = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

export function checkNames(tree: SourceTree): string[] {
  const offences = new Set<string>();
  for (const path of tree.keys()) {
    if (!isProgramFolder(path) && !path.startsWith("docs/")) continue;
    const names = path.split("/");
    for (const [i, name] of names.entries()) {
      const place = names.slice(0, i + 1).join("/");
      if (!kebabCase.test(name) && !migration.test(name) && !knownDocument.test(name)) {
        offences.add(`${place} is not in kebab-case; name it like prompt-deadlines.ts.`);
      }
      const vague = name.split(/[-._]/).find((word) => vagueWords.has(word));
      if (vague && isProgramFolder(path)) {
        offences.add(
          `${place} has "${vague}" in its name, which fits anything; name it after the thing or the flow in it.`,
        );
      }
    }
  }
  return [...offences];
}
