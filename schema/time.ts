import { parseDuration } from "./duration.ts";

/** For messages that say what `as-of` should be. */
export const AS_OF_SHAPE =
  "a day as in 2026-03-01, meant to its end in UTC, or a time with its zone as in 2026-03-01T12:00:00Z";

/**
 * One text for one moment: a day stays `2026-03-01`, a time becomes `2026-03-01T12:00:00Z` in UTC; undefined for anything
 * else, days that no calendar has included.
 */
export function parseAsOf(text: string): string | undefined {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)(T.*)?$/s.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  if (time === undefined) return day;
  if (!TIME.test(time)) return undefined;
  const iso = new Date(text).toISOString().replace(/\.000Z$/, "Z");
  // A zone may lead out of the years that are written with four digits.
  return /^\d{4}-/.test(iso) ? iso : undefined;
}

/** The last ms since the epoch that an `as-of` from `parseAsOf` still means. */
export function endOfAsOf(asOf: string): number {
  return Date.parse(asOf.includes("T") ? asOf : `${asOf}T23:59:59.999Z`);
}

/** One text for one length, in the largest unit that divides it: `48h` is `2d`. undefined for no length, and for none at all. */
export function parseMinAge(text: string): string | undefined {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) return undefined;
  const [unit, length] = UNITS.find(([, length]) => ms % length === 0) ?? ["s", 1_000];
  return `${ms / length}${unit}`;
}

/** ` as of 2026-03-01, at least 3d old`: what stands behind a revision; empty where nothing is set. */
export function timeText({
  asOf,
  minAge,
}: {
  readonly asOf: string | undefined;
  readonly minAge: string | undefined;
}): string {
  const parts = [
    ...(asOf === undefined ? [] : [` as of ${asOf}`]),
    ...(minAge === undefined ? [] : [` at least ${minAge} old`]),
  ];
  return parts.join(",");
}

const TIME = /^T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const UNITS: readonly (readonly [string, number])[] = [
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
];

/** Date.parse takes February 30 for March 2. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
