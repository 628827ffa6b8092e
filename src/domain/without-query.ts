/** An address without what may be nobody's business in a log or a record: a query can carry secrets. */
export const withoutQuery = (url: string): string => url.replace(/[?#].*$/, "");
