import type { LockedFile } from "../../schema/lock.ts";
import type { Carrier } from "../../schema/manifest.ts";
import { judgeName, printable } from "../../schema/names.ts";
import { compilePattern, nearMisses } from "../../schema/patterns.ts";
import type { Problem } from "../errors.ts";
import type { Listed } from "../hub/port.ts";
import { isBelow } from "../lock/wants.ts";
import { refusedNames } from "./names.ts";

/** How much one pattern of the manifest selected. */
export interface PatternCount {
  readonly source: string;
  readonly pattern: string;
  readonly kind: "include" | "exclude";
  readonly files: number;
  /** bytes */
  readonly bytes: number;
}

export interface Selection {
  readonly files: readonly LockedFile[];
  /** A selected file that the Hub masked; nothing may be locked then. */
  readonly masked: Listed | undefined;
  readonly patterns: readonly PatternCount[];
  readonly warnings: readonly string[];
  readonly problems: readonly Problem[];
}

export interface Choice {
  readonly listing: readonly Listed[];
  /** False: what the source does not select may be missing, so nothing is told of what `exclude` leaves out. */
  readonly complete: boolean;
  readonly deny: readonly string[];
}

/** Chooses from a listing what a source takes, and judges the names it takes. Pure. */
export function select(name: string, carrier: Carrier, { listing, complete, deny }: Choice): Selection {
  const include = carrier.include.map(compiled);
  const exclude = carrier.exclude.map(compiled);
  const denied = deny.map(compiled);
  const isOut = (path: string) =>
    exclude.some((one) => one.matches(path)) || denied.some((one) => one.matches(path));
  const taken = listing.filter(
    ({ path }) => (include.length === 0 || include.some((one) => one.matches(path))) && !isOut(path),
  );
  const patterns = [
    ...include.map((one) => count(name, { ...one, kind: "include" }, taken)),
    ...(complete ? exclude.map((one) => count(name, { ...one, kind: "exclude" }, listing)) : []),
  ];
  const empty = patterns.filter((pattern) => pattern.kind === "include" && pattern.files === 0);
  const paths = listing.map((file) => file.path);
  return {
    files: taken.flatMap(locked),
    masked: taken.find((file) => file.digest === undefined),
    patterns,
    warnings: patterns
      .filter((one) => one.kind === "exclude" && one.files === 0)
      .map(({ pattern }) => `source "${name}": exclude "${printable(pattern)}" matches nothing`),
    problems: [
      ...empty.slice(0, MOST_TOLD).map(({ pattern }) => noMatch(name, pattern, paths)),
      ...(taken.length === 0 && include.length === 0 && listing.length > 0 ? [allRemoved(name, paths)] : []),
      ...refusedNames(
        name,
        carrier,
        taken.map(({ path }) => path),
      ),
      ...outsideStrip(name, carrier, taken),
    ],
  };
}

interface Compiled {
  readonly pattern: string;
  matches(path: string): boolean;
}

/** The manifest's reader refused what does not compile. */
function compiled(pattern: string): Compiled {
  const result = compilePattern(pattern);
  return { pattern, matches: result.kind === "ok" ? result.matches : () => false };
}

function count(
  source: string,
  { pattern, kind, matches }: Compiled & { kind: PatternCount["kind"] },
  files: readonly Listed[],
): PatternCount {
  const hits = files.filter((file) => matches(file.path));
  return { source, pattern, kind, files: hits.length, bytes: hits.reduce((sum, file) => sum + file.size, 0) };
}

function locked({ path, size, digest }: Listed): LockedFile[] {
  const judged = judgeName(path);
  return digest === undefined || judged.kind === "hostile"
    ? []
    : [{ path: judged.path, size, digest, extra: {} }];
}

/** Patterns without a match that are told; each costs a look at every file for near misses. */
const MOST_TOLD = 20;

function noMatch(source: string, pattern: string, paths: readonly string[]): Problem {
  const matches = compiled(pattern).matches;
  const removed = paths.filter((path) => matches(path));
  if (removed.length > 0) {
    return {
      code: "PATTERN_NO_MATCH",
      source,
      message: `source "${source}": include "${printable(pattern)}" selects nothing: exclude or policy.deny removed all ${removed.length} files it matches`,
      details: removed.slice(0, 3).map(printable),
      hint: "drop the pattern, or mend what removes its files",
    };
  }
  const near = nearMisses(pattern, paths);
  return {
    code: "PATTERN_NO_MATCH",
    source,
    message: `source "${source}": include "${printable(pattern)}" matches none of the ${paths.length} files of the repository`,
    details: near.map((path) => `near: ${printable(path)}`),
    hint: "mend the pattern: * stays within one folder, and case counts",
  };
}

/** The default include is a pattern too: it takes everything. */
function allRemoved(source: string, paths: readonly string[]): Problem {
  return {
    code: "PATTERN_NO_MATCH",
    source,
    message: `source "${source}" selects nothing: exclude or policy.deny removed all ${paths.length} files of the repository`,
    details: paths.slice(0, 3).map(printable),
    hint: "mend what removes the files, or drop the source",
  };
}

function outsideStrip(source: string, { strip }: Carrier, files: readonly Listed[]): Problem[] {
  const outside = files.filter(({ path }) => !isBelow(strip, path)).map(({ path }) => printable(path));
  if (outside.length === 0) return [];
  const more = outside.length > 3 ? [`and ${outside.length - 3} more`] : [];
  return [
    {
      code: "STRIP_OUTSIDE",
      source,
      message: `source "${source}": strip "${printable(strip)}" does not hold all selected files`,
      details: [...outside.slice(0, 3), ...more],
      hint: "narrow include to that folder, or strip less",
    },
  ];
}
