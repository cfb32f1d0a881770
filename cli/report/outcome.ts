import type { Given } from "../apply/give.ts";
import type { Outcome } from "../apply/types.ts";
import type { Count } from "../plan.ts";
import { formatBytes, formatCount, formatDuration, formatFiles, formatNumber } from "./format.ts";
import type { Paint } from "./paint.ts";
import { safe } from "./safe.ts";

/**
 * The last line of a sync: `synced 57 files, 18.9 GB: 12 fetched (3.2 GB), 45 unchanged, 2 pruned, in 3m 12s`.
 * `wanted` is what the lock asks for; `whole` is false where a problem left something undone; `provided`: other clients find more than before.
 */
export function outcomeLine(
  done: Outcome,
  how: { wanted: Count; tookMs: number; whole: boolean; provided?: boolean; paint: Paint },
): string {
  const { wanted, tookMs, whole, provided = false, paint } = how;
  const given = done.given.reduce((sum, { files }) => sum + files, 0);
  const here = done.placed.files - done.fetched.files - given - done.generated.files;
  const parts = [
    part(done.fetched.files, "fetched", done.fetched.bytes),
    ...done.given.map(givenText),
    part(done.generated.files, "generated"),
    part(here, "placed from here"),
    part(done.kept.files, "unchanged"),
    part(done.adopted, "adopted"),
    part(done.pruned.files, "pruned"),
    part(done.trashed.length, "moved to the trash"),
  ].filter((text) => text !== "");
  const idle = done.placed.files + done.pruned.files + done.trashed.length + done.adopted === 0 && !provided;
  if (idle && whole) {
    return `${paint.good("in sync")}: ${formatFiles(wanted)}, nothing to do (${formatDuration(tookMs)})`;
  }
  const title = whole ? `${paint.good("synced")} ${formatFiles(wanted)}` : paint.bad("not in sync");
  const took = formatDuration(tookMs);
  return parts.length === 0 ? `${title} (${took})` : `${title}: ${parts.join(", ")}, in ${took}`;
}

/** `45 taken from /mnt/cache (15.7 GB: 40 reflinked, 5 copied)` */
export function givenText({ place, files, bytes, by }: Given): string {
  const ways = Object.entries(by) as [keyof typeof WAYS, Count][];
  const told = ways.map(([how, count]) => {
    return ways.length === 1 ? WAYS[how] : `${formatNumber(count.files)} ${WAYS[how]}`;
  });
  const how =
    files === 0 ? "" : ` (${formatBytes(bytes)}${ways.length === 1 ? ", " : ": "}${told.join(", ")})`;
  return `${files === 0 ? "none" : formatNumber(files)} taken from ${safe(place)}${how}`;
}

const WAYS = { reflink: "reflinked", link: "hard-linked", copy: "copied", fetch: "fetched" } as const;

/** Bytes are told where they cost something. */
function part(files: number, verb: string, bytes = 0): string {
  if (files <= 0) return "";
  return `${formatNumber(files)} ${verb}${bytes > 0 ? ` (${formatBytes(bytes)})` : ""}`;
}

/** `removed 3 files, 1.2 GB of trash and 2 files, 300 MB of partials` */
export function cleanLine(
  found: { readonly trash: Count; readonly partials: Count },
  verb: "would remove" | "removing" | "removed",
): string {
  const parts = [
    ...(found.trash.files > 0 ? [`${formatFiles(found.trash)} of trash`] : []),
    ...(found.partials.files > 0
      ? [`${formatCount(found.partials.files, "dead partial")}, ${formatBytes(found.partials.bytes)}`]
      : []),
  ];
  if (parts.length === 0) return "nothing to clean";
  return `${verb} ${parts.join(" and ")}`;
}
