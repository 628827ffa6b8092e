/** The pieces of SVG that the derived pictures are made of. Lengths are in pixels. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export const ink = "#1f2933";
const faint = "#52606d";

/** Keeps words readable where a line passes behind them. */
const halo = ' stroke="#ffffff" stroke-width="5" paint-order="stroke"';

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const rectangle = ({ x, y, width, height }: Box, fill: string, stroke: string): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${fill}" stroke="${stroke}"/>`;

interface TextStyle {
  readonly size?: number;
  readonly bold?: boolean;
  readonly anchor?: "start" | "middle" | "end";
  /** Read from bottom to top. */
  readonly upright?: boolean;
}

export function text({ x, y }: Point, words: string, style: TextStyle = {}): string {
  const { size = 13, bold = false, anchor = "start", upright = false } = style;
  const weight = bold ? ' font-weight="bold"' : "";
  const turn = upright ? ` transform="rotate(-90 ${x} ${y})"` : "";
  const fill = bold ? ink : faint;
  const place = `x="${x}" y="${y}" text-anchor="${anchor}"${turn}`;
  return `<text ${place} font-size="${size}" fill="${fill}"${weight}${upright ? halo : ""}>${escaped(words)}</text>`;
}

/** A line along the points; with a head where it ends in an arrow. */
export function line(points: readonly Point[], head: boolean): string {
  const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join(" ");
  return `<path d="${path}" fill="none" stroke="${ink}" stroke-width="1.5"${head ? ' marker-end="url(#head)"' : ""}/>`;
}

/** The picture on a white ground, with a title for those who hear it. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    `  role="img" font-family="system-ui, Helvetica, Arial, sans-serif">`,
    "<!-- Drawn by scripts/generate.ts from src/domain/prompt.ts. -->",
    `<title>${escaped(title)}</title>`,
    '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">' +
      `<path d="M0 0L10 5L0 10z" fill="${ink}"/></marker>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** The words in lines of at most so many characters. */
export function wrapped(words: string, characters: number): string[] {
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= characters) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
