const UNITS = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

/** For messages that say what a number of bytes should be. */
export const BYTES_SHAPE = "a number and K, M, G or T (powers of 1024), as in 500M or 1.5G";

/** `4096`, `500M`, `1.5G`, `20MiB` → bytes, as curl and rclone count; undefined for anything else, for none, and for what no disk holds. */
export function parseBytes(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,12}(?:\.\d{1,6})?)(?:([KMGT])(?:iB)?)?$/i.exec(text) ?? [];
  if (count === undefined) return undefined;
  const bytes = Math.round(Number(count) * UNITS[(unit ?? "").toUpperCase() as keyof typeof UNITS]);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
