import { rowsOf } from "../facts/sum.ts";
import type { KnownFile } from "./compose.ts";
import { splitInPath } from "./splits.ts";

/** The rows of the files of one source and split, side by side. */
export interface Shards {
  readonly source: string;
  /** undefined: names tell of none. */
  readonly split: string | undefined;
  /** Of which the rows are known, and of which they are not. */
  readonly files: number;
  readonly unknown: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
  /** Rows beyond these are outliers; undefined where too few files are there to tell. */
  readonly fences: readonly [low: number, high: number] | undefined;
  /** Files by rows, in classes of a hundredth of the median, without outliers: `at` is their mean. */
  readonly classes: readonly { readonly at: number; readonly files: number }[];
  /** The farthest first, at most `MOST_OUTLIERS`. */
  readonly outliers: readonly { readonly path: string; readonly rows: number }[];
  readonly outlierFiles: number;
}

export const MOST_OUTLIERS = 40;
/** Below this, quartiles say nothing. */
const FEWEST = 5;

/** By source and split, in the order of the lock; those of which no rows are known are left out. Pure. */
export function shardsOf(files: readonly KnownFile[]): readonly Shards[] {
  const groups = new Map<string, { source: string; split: string | undefined; files: KnownFile[] }>();
  for (const file of files) {
    const split = splitInPath(file.path);
    const key = JSON.stringify([file.source, split]);
    const group = groups.get(key) ?? { source: file.source, split, files: [] };
    groups.set(key, group);
    group.files.push(file);
  }
  return [...groups.values()].flatMap(({ source, split, files: all }) => {
    const counted = all.flatMap(({ shown, facts }) => {
      const rows = facts === undefined ? undefined : rowsOf(facts);
      return rows === undefined ? [] : [{ path: shown, rows }];
    });
    if (counted.length === 0) return [];
    return [{ source, split, unknown: all.length - counted.length, ...spread(counted) }];
  });
}

function spread(
  counted: readonly { readonly path: string; readonly rows: number }[],
): Omit<Shards, "source" | "split" | "unknown"> {
  const rows = counted.map((one) => one.rows).sort((a, b) => a - b);
  const median = quantile(rows, 0.5);
  const fences = rows.length < FEWEST ? undefined : fencesOf(rows);
  const isOut = (count: number) => fences !== undefined && (count < fences[0] || count > fences[1]);
  const outliers = counted.filter((one) => isOut(one.rows));
  const far = (count: number) => Math.abs(count - median);
  const sorted = [...outliers].sort((a, b) => far(b.rows) - far(a.rows) || (a.path < b.path ? -1 : 1));
  return {
    files: rows.length,
    least: rows[0] ?? 0,
    median,
    most: rows.at(-1) ?? 0,
    fences,
    classes: classesOf(
      rows.filter((count) => !isOut(count)),
      median / 100,
    ),
    outliers: sorted.slice(0, MOST_OUTLIERS),
    outlierFiles: outliers.length,
  };
}

/**
 * Tukey's fences, one and a half of the distance between the quartiles beyond them; a twentieth of the median where shards
 * are cut so evenly that any other number would count. Exploratory Data Analysis, 1977, chapter 2.
 */
function fencesOf(sorted: readonly number[]): readonly [number, number] {
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const reach = Math.max(1.5 * (high - low), quantile(sorted, 0.5) / 20);
  return [low - reach, high + reach];
}

/** Between neighbours in proportion, as R's default and NumPy's do. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}

function classesOf(rows: readonly number[], width: number): Shards["classes"] {
  const found = new Map<number, { sum: number; files: number }>();
  for (const count of rows) {
    const key = width === 0 ? 0 : Math.round(count / width);
    const one = found.get(key) ?? { sum: 0, files: 0 };
    found.set(key, { sum: one.sum + count, files: one.files + 1 });
  }
  return [...found].sort(([a], [b]) => a - b).map(([, { sum, files }]) => ({ at: sum / files, files }));
}
