import type { DataChange, Shift } from "../facts/compare.ts";
import { formatCount, formatNumber, formatPercent } from "./format.ts";
import type { Paint } from "./paint.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** Values named of one column before the rest is only counted. */
const SHOWN = 5;

/**
 * What became of the data, a line for each kind of change:
 *
 *     rows 1,380,468 → 1,379,000 (-0.1 %)
 *     columns + licence string?, - score double
 *     language Rust 40 % → 42 %, Go 60 % → 58 %
 */
export function dataTexts(data: DataChange, { paint, verbose }: Layout): readonly string[] {
  const columns = columnTexts(data, paint);
  return [
    ...(data.rows === undefined ? [] : [`rows ${movedText(data.rows, formatNumber)}`]),
    ...(columns.length === 0 ? [] : [`columns ${columns.join(", ")}`]),
    ...shiftTexts(data.shifts, verbose ? Number.POSITIVE_INFINITY : SHOWN),
  ];
}

/** `1,000 → 1,100 (+10 %)`; once where nothing moved. */
export function movedText(
  { before, after }: { readonly before: number; readonly after: number },
  format: (value: number) => string,
): string {
  if (before === after) return `${format(after)}, as before`;
  const share =
    before === 0 ? "" : ` (${after > before ? "+" : "-"}${formatPercent(Math.abs(after - before) / before)})`;
  return `${format(before)} → ${format(after)}${share}`;
}

function columnTexts({ added, dropped, retyped }: DataChange, paint: Paint): readonly string[] {
  return [
    ...added.map(({ name, type }) => paint.good(`+ ${safe(name)} ${safe(type)}`)),
    ...dropped.map(({ name, type }) => paint.bad(`- ${safe(name)} ${safe(type)}`)),
    ...retyped.map(({ name, before, after }) =>
      paint.warn(`~ ${safe(name)} ${safe(before)} → ${safe(after)}`),
    ),
  ];
}

function shiftTexts(shifts: readonly Shift[], shown: number): readonly string[] {
  const columns = [...new Set(shifts.map(({ column }) => column))];
  return columns.map((column) => {
    const own = shifts.filter((shift) => shift.column === column);
    const texts = own.slice(0, shown).map(shiftText);
    const rest = own.length > shown ? [`and ${formatCount(own.length - shown, "more value")}`] : [];
    return `${safe(column)} ${[...texts, ...rest].join(", ")}`;
  });
}

function shiftText({ value, shareBefore, shareAfter }: Shift): string {
  return `${safe(value)} ${formatPercent(shareBefore)} → ${formatPercent(shareAfter)}`;
}
