import type { Conflict, Drift, Prune, Write } from "../plan.ts";

/** What sync would do to the tree. */
export type Changes = Pick<Drift, "writes" | "prunes" | "conflicts">;

/** `3 files missing, 1 file modified`; empty where disk and lock agree. */
export function driftText({ writes, prunes, conflicts }: Changes): string {
  return [
    countOf(writes.filter((write) => write.why === "missing").length, "missing"),
    countOf(writes.filter((write) => write.why === "outdated").length, "outdated"),
    countOf(writes.filter((write) => !["missing", "outdated"].includes(write.why)).length, "modified"),
    countOf(prunes.length, "no longer wanted"),
    countOf(conflicts.length, "in the way"),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** What a plan would change, source by source, sorted by name. */
export function bySource({ writes, prunes, conflicts }: Changes): ReadonlyMap<string, Changes> {
  const found = new Map<string, { writes: Write[]; prunes: Prune[]; conflicts: Conflict[] }>();
  const of = (source: string) => {
    const known = found.get(source) ?? { writes: [], prunes: [], conflicts: [] };
    found.set(source, known);
    return known;
  };
  for (const write of writes) of(write.want.source).writes.push(write);
  for (const prune of prunes) of(prune.source).prunes.push(prune);
  for (const conflict of conflicts) of(conflict.source).conflicts.push(conflict);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function countOf(count: number, what: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? "file" : "files"} ${what}`;
}
