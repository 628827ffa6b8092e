/** What the calling system says about itself in its headers, kept on what it asked for. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What the contract keeps of the calling system (errors-and-conventions section 3). */
const keptHeaders = [
  "dintero-system-name",
  "dintero-system-version",
  "dintero-system-plugin-name",
  "dintero-system-plugin-version",
  "dintero-checkout-instance-id",
  "user-agent",
];

export function systemHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = [headers[name] ?? []].flat().join(", ");
    // Headers are bytes to HTTP; what is no text is not kept.
    if (value !== "" && !value.includes("\0")) kept[name] = value;
  }
  return kept;
}
