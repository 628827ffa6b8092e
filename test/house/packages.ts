/** Keeps the owners of npm packages, in the imports and in package.json. */
import { isBuiltin } from "node:module";
import { rowOf } from "./layers.ts";
import { type PackageRow, packageOwners } from "./package-owners.ts";
import { type SourceTree, under } from "./project.ts";
import { type Import, readSource } from "./reading.ts";

export function checkPackageImports(tree: SourceTree): string[] {
  const offences: string[] = [];
  for (const [path, source] of under(tree, "src", "sdk")) {
    for (const found of readSource(path, source).imports) {
      const name = packageName(found.specifier);
      const offence = name && offenceOf(path, name, found);
      if (offence) offences.push(offence);
    }
  }
  return offences;
}

function offenceOf(path: string, name: string, found: Import): string | undefined {
  if (isBuiltin(name)) return `${path} imports ${name}, one of Node's own modules; write node:${name}.`;
  const row = rowOf(path) ?? "";
  if (row === "sdk") return `${path} imports ${name}; the SDK is fetch only and has no dependencies: write it out.`;
  const rules = ownerOf(name);
  if (!rules) {
    return `${path} imports ${name}, which has no owner; do without it, or give it a row in test/house/package-owners.ts and a page in docs/decisions.`;
  }
  if (mayUse(rules, row) || (found.typeOnly && mayUseTypes(rules, row))) return undefined;
  const types = mayUseTypes(rules, row) ? "use import type, or " : "";
  return `${path} imports ${name}, which belongs to ${rules.owner} (${rules.reason}): ${types}move that code into ${rules.owner} or pass its result in.`;
}

function mayUse(rules: PackageRow, row: string): boolean {
  return rules.owner === row || (rules.also ?? []).includes(row);
}

function mayUseTypes(rules: PackageRow, row: string): boolean {
  return rules.typesIn === "all of src" || (rules.typesIn ?? []).includes(row);
}

function ownerOf(name: string): PackageRow | undefined {
  return packageOwners[name] ?? packageOwners[`${name.split("/")[0]}/*`];
}

/** `ajv/dist/2020.js` is of `ajv`; undefined for files, Node's modules and what is no package name at all. */
export function packageName(specifier: string | undefined): string | undefined {
  if (specifier === undefined || specifier.startsWith("node:")) return undefined;
  return /^(@[a-z0-9][\w.-]*\/[\w.…-]+|[a-z0-9][\w.-]*)(\/|$)/.exec(specifier)?.[1];
}

/** What package.json says of its dependencies; development and optional ones never reach a running server's imports. */
export function checkDependencies(tree: SourceTree): string[] {
  const { dependencies = {} } = JSON.parse(tree.get("package.json") ?? "{}") as {
    dependencies?: Record<string, string>;
  };
  const users = packageUsers(tree);
  const decisions = [...tree].filter(([path]) => /^docs\/decisions\/.*\.md$/.test(path)).map(([, text]) => text);
  const offences: string[] = [];
  for (const [name, version] of Object.entries(dependencies)) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
      offences.push(`package.json asks for ${name} at "${version}"; write one exact version.`);
    }
    const rules = ownerOf(name);
    if (!rules) {
      offences.push(
        `package.json depends on ${name}, which has no owner; give it a row in test/house/package-owners.ts.`,
      );
    } else if (![...(users.get(name) ?? [])].some((row) => mayUse(rules, row))) {
      offences.push(
        `package.json depends on ${name}, which ${rules.owner} does not import; use it there or remove it.`,
      );
    }
    if (!decisions.some((text) => mentions(text, name))) {
      offences.push(
        `package.json depends on ${name}, which no page in docs/decisions mentions; say there why we have it.`,
      );
    }
  }
  for (const name of Object.keys(packageOwners)) {
    if (dependencies[name] || name.endsWith("/*")) continue;
    offences.push(`test/house/package-owners.ts has a row for ${name}, which package.json lacks; remove the row.`);
  }
  return offences;
}

function packageUsers(tree: SourceTree): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  for (const [path, source] of under(tree, "src")) {
    for (const { specifier } of readSource(path, source).imports) {
      const name = packageName(specifier);
      if (name) users.set(name, (users.get(name) ?? new Set()).add(rowOf(path) ?? ""));
    }
  }
  return users;
}

/** As a name of its own: `ajv-formats` does not mention `ajv`. */
function mentions(text: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return new RegExp(`(?<![\\w@/-])${escaped}(?![\\w/-])`).test(text);
}
