import { isGenerated } from "../lock/wants.ts";
import type { Conflict, Drift, Prune, Write } from "../plan.ts";
import { formatBytes, formatCount, formatFiles } from "./format.ts";
import { type Paint, paintFor } from "./paint.ts";
import { safe } from "./safe.ts";
import { cutMiddle, padEnd, padStart, widthOf } from "./width.ts";

export interface Layout {
  readonly paint: Paint;
  /** columns; infinite where nothing is cut */
  readonly width: number;
  /** Lists everything, however long. */
  readonly verbose: boolean;
  /** Set only where the locale shows no more than that: bars are drawn of other signs then. */
  readonly ascii?: boolean;
}

/** For documents: no colours, and nothing cut. */
export const PLAIN: Layout = { paint: paintFor(false), width: Number.POSITIVE_INFINITY, verbose: false };

/** Lines of one kind before the rest is only counted. */
const SHOWN = 40;
const LONGEST_PATH = 80;

export interface Row {
  readonly sign: string;
  readonly path: string;
  /** bytes; undefined where the size says nothing */
  readonly size: number | undefined;
  readonly why: string;
}

/**
 *   + data/b.parquet   320 MB  missing
 *   ~ data/c.parquet   2.1 MB  modified, what is there goes to the trash
 *   - data/d.parquet   1.2 MB  no longer wanted
 *   ! data/e.parquet           in the way: not ours
 */
export function planLines(
  plan: Pick<Drift, "writes" | "prunes" | "conflicts">,
  layout: Layout,
): readonly string[] {
  const groups = [plan.conflicts.map(conflictRow), plan.writes.map(writeRow), plan.prunes.map(pruneRow)];
  return groups.flatMap((rows) => rowLines(rows, layout, SHOWN));
}

/** `12 files, 3.2 GB to fetch; 45 files, 15.7 GB in place; 2 files, 1.2 MB to prune`; empty for an empty plan. */
export function planTotals(plan: Drift): string {
  const { fetch, keep, prune } = plan.totals;
  const generated = plan.writes.filter(({ want }) => isGenerated(want)).length;
  const here = plan.writes.length - fetch.files - generated;
  const parts = [
    ...(fetch.files > 0 ? [`${formatFiles(fetch)} to fetch`] : []),
    ...(here > 0 ? [`${formatCount(here, "file")} to place from what is here`] : []),
    ...(generated > 0 ? [`${formatCount(generated, "file")} to generate`] : []),
    ...(keep.files > 0 ? [`${formatFiles(keep)} in place`] : []),
    ...(prune.files > 0 ? [`${formatFiles(prune)} to prune`] : []),
    ...(plan.conflicts.length > 0 ? [formatCount(plan.conflicts.length, "conflict")] : []),
  ];
  return parts.join("; ");
}

/** Nothing to write, prune or settle. */
export function isIdle(plan: Drift): boolean {
  return plan.writes.length + plan.prunes.length + plan.conflicts.length === 0;
}

function writeRow(write: Write): Row {
  const { why, want } = write;
  const trash = write.found === "trash" ? ", what is there goes to the trash" : "";
  return {
    sign: why === "missing" ? "+" : "~",
    path: want.path,
    size: want.size,
    why: `${WRITE_WHY[why]}${trash}`,
  };
}

const WRITE_WHY: Readonly<Record<Write["why"], string>> = {
  missing: "missing",
  outdated: "outdated",
  modified: "modified",
  untracked: "untracked",
  "not-a-file": "not a file",
};

function pruneRow(prune: Prune): Row {
  const why = prune.why === "modified" ? "no longer wanted, modified" : "no longer wanted";
  return {
    sign: "-",
    path: prune.path,
    size: prune.size,
    why: prune.how === "trash" ? `${why}, to the trash` : why,
  };
}

function conflictRow(conflict: Conflict): Row {
  const at = conflict.at === conflict.path ? "" : `${conflict.at} is `;
  return {
    sign: "!",
    path: conflict.path,
    size: undefined,
    why: `in the way: ${at}${conflictWhy(conflict)}`,
  };
}

function conflictWhy(conflict: Conflict): string {
  switch (conflict.why) {
    case "untracked":
      return "not ours";
    case "not-a-file":
      return `not a file but a ${conflict.what}`;
    case "other-owner":
      return `owned by "${conflict.what}"`;
    default:
      return conflict.why satisfies never;
  }
}

/** Rows in columns; all but the first `most` are only counted, unless everything is asked for. */
export function rowLines(rows: readonly Row[], layout: Layout, most: number): readonly string[] {
  const shown = layout.verbose ? rows : rows.slice(0, most);
  const sizes = shown.map((row) => (row.size === undefined ? "" : formatBytes(row.size)));
  const sizeWidth = Math.max(0, ...sizes.map((size) => size.length));
  const pathWidth = pathColumn(shown, sizeWidth, layout.width);
  const lines = shown.map((row, index) => {
    const path = padEnd(cutMiddle(safe(row.path), pathWidth), Math.min(pathWidth, LONGEST_PATH));
    const size = sizeWidth === 0 ? "" : `  ${padStart(sizes[index] ?? "", sizeWidth)}`;
    return `  ${signed(row.sign, layout.paint)} ${path}${size}  ${layout.paint.dim(safe(row.why))}`;
  });
  const hidden = rows.length - shown.length;
  return hidden === 0
    ? lines
    : [...lines, `    and ${formatCount(hidden, "more", "more")} (--verbose lists all)`];
}

/** Paths yield to the size and the shortest useful reason; reasons may wrap. */
function pathColumn(rows: readonly Row[], sizeWidth: number, width: number): number {
  const longest = Math.max(0, ...rows.map((row) => widthOf(safe(row.path))));
  const why = Math.max(0, ...rows.map((row) => Math.min(row.why.length, 24)));
  return Math.min(longest, Math.max(12, width - sizeWidth - why - 8));
}

function signed(sign: string, paint: Paint): string {
  if (sign === "+") return paint.good(sign);
  if (sign === "~") return paint.warn(sign);
  if (sign === "=") return paint.name(sign);
  return paint.bad(sign);
}
