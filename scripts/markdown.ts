/** The pieces of Markdown that the derived pages are made of. */

/** A table whose cells may hold anything but line breaks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

export const code = (text: string): string => `\`${text}\``;

export const codes = (texts: readonly string[]): string => texts.map(code).join(", ");

export const json = (value: unknown): string => fenced("json", JSON.stringify(value, null, 2));

export const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

/**
 * The page with its generated sections replaced, each between `<!-- generated: name -->` and `<!-- /generated -->`. What
 * stands around them is written by hand. A section that the page lacks, or one that nobody makes, is a mistake.
 */
export function withSections(page: string, path: string, sections: Readonly<Record<string, string>>): string {
  const made = new Set<string>();
  const after = page.replaceAll(
    /(<!-- generated: ([\w-]+) -->)[\s\S]*?(<!-- \/generated -->)/g,
    (_, begin: string, name: string, end: string) => {
      const text = sections[name];
      if (text === undefined)
        throw new Error(`${path} has a section "${name}" that scripts/generate.ts does not make.`);
      made.add(name);
      return `${begin}\n\n${text}\n\n${end}`;
    },
  );
  const missing = Object.keys(sections).filter((name) => !made.has(name));
  if (missing.length > 0) throw new Error(`${path} lacks the marked sections ${missing.join(", ")}; put them back.`);
  return after;
}
