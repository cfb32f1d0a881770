const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
/** A century: what is longer is a slip of the hand. */
const LONGEST = 36_525 * UNITS.d;

/** For messages that say what a duration should be. */
export const DURATION_SHAPE = "a whole number and s, m, h, d or w, as in 90m, 30d or 2w";

/** `90m`, `36h`, `30d`, `2w` → ms; undefined for anything else, and for more than a century. `m` is minutes: no calendar is needed. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,10})([smhdw])$/.exec(text) ?? [];
  if (unit === undefined) return undefined;
  const ms = Number(count) * UNITS[unit as keyof typeof UNITS];
  return ms <= LONGEST ? ms : undefined;
}
