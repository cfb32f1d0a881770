/** Names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.join(", ");
}

/** The URL of `<url>; rel="next"` (RFC 8288). */
export function nextLink(headers: Headers): string | undefined {
  for (const link of (header(headers, "link") ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*"?next"?(?:[\s;,]|$)/i.test(link[2] ?? "")) return link[1];
  }
  return undefined;
}

/** `bytes 0-99/1000`; `end` is exclusive, `total` undefined where the server sent `*`. */
export function parseContentRange(
  text: string | undefined,
): { start: number; end: number; total: number | undefined } | undefined {
  const [, first, last, total] =
    /^\s*bytes\s+(\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)\s*$/i.exec(text ?? "") ?? [];
  if (first === undefined || last === undefined) return undefined;
  return { start: Number(first), end: Number(last) + 1, total: total === "*" ? undefined : Number(total) };
}
