import type { CommitInfo } from "../hub/port.ts";
import type { SourceChange } from "../resolve/changes.ts";
import type { History } from "../resolve/history.ts";
import { formatBytes, formatCount, formatFiles, formatNumber, shortCommit } from "./format.ts";
import { type Layout, type Row, rowLines } from "./plan-lines.ts";
import { safe } from "./safe.ts";
import { cutEnd } from "./width.ts";

/** Lines of one kind before the rest is only counted; titles of commits and files. */
const SHOWN = 10;

/**
 * What stands below the line of a source of which the pin moved:
 *
 *     2026-03-01  def5678  Fix two shards
 *       and 37 more commits
 *     + data/c.parquet  320 MB  added
 *     to fetch: 1 file, 320 MB
 */
export function moveLines(change: SourceChange, layout: Layout): readonly string[] {
  if (change.history === undefined) return [];
  return [
    ...historyLines(change, change.history, layout),
    ...fileLines(change, layout),
    ...transferLines(change),
  ];
}

/** `, 40 commits` behind a range; empty where the number says nothing. */
export function distanceText(history: History | undefined): string {
  switch (history?.kind) {
    case undefined:
    case "unknown":
    case "apart":
      return "";
    case "forward":
      return formatCount(history.count, "commit");
    case "back":
      return `back ${formatCount(history.count, "commit")}`;
    case "far":
      return `more than ${formatCount(history.count, "commit")}`;
    default:
      return history satisfies never;
  }
}

function historyLines({ before }: SourceChange, history: History, layout: Layout): readonly string[] {
  const { paint } = layout;
  const from = shortCommit(before?.commit ?? "");
  switch (history.kind) {
    case "unknown":
      return [`  ${paint.warn(`the commits between are not known: ${safe(history.problem.message)}`)}`];
    case "apart":
      return [
        `  ${paint.warn(history.gone ? `history was rewritten: ${from} is gone upstream` : `history was rewritten, or is another branch's: ${from} is not part of it`)}`,
      ];
    case "back":
      return ["  leaves behind", ...commitLines(history, layout)];
    case "forward":
    case "far":
      return commitLines(history, layout);
    default:
      return history satisfies never;
  }
}

type WithCommits = Extract<History, { readonly commits: unknown }>;

function commitLines({ kind, count, commits }: WithCommits, layout: Layout): readonly string[] {
  const shown = layout.verbose ? commits : commits.slice(0, SHOWN);
  const more = count - shown.length;
  const rest = kind === "far" ? `more than ${formatNumber(more)}` : formatNumber(more);
  const lines = shown.map((commit) => commitLine(commit, layout));
  return more === 0 ? lines : [...lines, `    and ${rest} more ${more === 1 ? "commit" : "commits"}`];
}

function commitLine({ commit, title, date }: CommitInfo, { paint, width }: Layout): string {
  const day = date === undefined ? "unknown   " : date.slice(0, 10);
  return `  ${paint.dim(day)}  ${paint.name(shortCommit(commit))}  ${cutEnd(safe(title), width - 23)}`;
}

function fileLines(
  { files: { added, removed, changed, renamed } }: SourceChange,
  layout: Layout,
): readonly string[] {
  const groups: readonly (readonly Row[])[] = [
    added.map(({ path, size }) => ({ sign: "+", path, size, why: "added" })),
    changed.map(({ before, after }) => ({
      sign: "~",
      path: after.path,
      size: after.size,
      why: before.size === after.size ? "changed" : `changed, was ${formatBytes(before.size)}`,
    })),
    removed.map(({ path, size }) => ({ sign: "-", path, size, why: "removed" })),
    renamed.map(({ before, after }) => ({
      sign: "=",
      path: after.path,
      size: after.size,
      why: `renamed from ${before.path}`,
    })),
  ];
  return groups.flatMap((rows) => rowLines(rows, layout, SHOWN));
}

function transferLines({ transfer: { fetch, freed } }: SourceChange): readonly string[] {
  const parts = [
    ...(fetch.files > 0 ? [`to fetch: ${formatFiles(fetch)}`] : []),
    ...(freed.files > 0 ? [`freed: ${formatFiles(freed)}`] : []),
  ];
  return parts.length === 0 ? [] : [`  ${parts.join("; ")}`];
}
