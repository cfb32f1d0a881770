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

/** For messages that say what a share should be. */
export const PERCENT_SHAPE = "a percentage from 0% to 100%, as in 1% or 0.5%";

/** `1%`, `0.5 %` → 0.01, 0.005; undefined for anything else, and beyond 100%. */
export function parsePercent(text: string): number | undefined {
  const [, percent] = /^(\d{1,3}(?:\.\d{1,6})?)\s?%$/.exec(text) ?? [];
  if (percent === undefined || Number(percent) > 100) return undefined;
  return Number(percent) / 100;
}
