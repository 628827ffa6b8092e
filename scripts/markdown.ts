/** The pieces of Markdown that the derived pages are made of. */

/** A table whose cells may hold anything but line breaks, in the formatter's layout: columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [first = [], ...rest] = cells;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join("\n");
}

export const code = (text: string): string => `\`${text}\``;

export const codes = (texts: readonly string[]): string => texts.map(code).join(", ");

/** JSON with its lists of plain values on one line, as the formatter has them. */
export function json(value: unknown): string {
  const lists = /\[\s+((?:"[^"\\]*"|[\d.]+)(?:,\s+(?:"[^"\\]*"|[\d.]+))*)\s+\]/g;
  const text = JSON.stringify(value, null, 2).replace(lists, (_, items: string) => `[${items.replace(/,\s+/g, ", ")}]`);
  return fenced("json", text);
}

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
