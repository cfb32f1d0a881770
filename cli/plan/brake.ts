import type { TreePath } from "../../schema/ids.ts";
import { WHOLE } from "../../schema/lock.ts";
import type { Placement } from "../receipt/placement.ts";
import type { Brake, Forget, Prune } from "./types.ts";

/** Above both, a prune waits: a tenth of what the receipt knows, and a gibibyte. */
const SHARE = 0.1;
const BYTES = 1024 ** 3;

/** What the data is described by weighs nothing: it is written again, from what is here. */
function isData({ origin, source }: Placement): boolean {
  return origin !== "generated" && source !== WHOLE;
}

/** A prune of every file of a source, or of very much at once, is more often a mistake in a manifest than meant. */
export function brakeOf(
  mine: ReadonlyMap<TreePath, Placement>,
  { prunes, forgets }: { prunes: readonly Prune[]; forgets: readonly Forget[] },
): Brake | undefined {
  if (prunes.length === 0) return undefined;
  // What the user removed already is no longer a file of its source; what moved still is.
  const gone = new Set(forgets.filter(({ why }) => why !== "moved").map(({ path }) => path));
  const data = [...mine.values()].filter(isData);
  const there = data.filter(({ path }) => !gone.has(path));
  const leaving = new Set(data.map(({ path }) => path));
  const sources = emptiedSources(
    there,
    prunes.filter(({ path }) => leaving.has(path)),
  );
  const bytes = prunes.reduce((sum, prune) => sum + prune.size, 0);
  const known = [...mine.values()].reduce((sum, placement) => sum + (placement.size ?? 0), 0);
  // Of sizes that no receipt knows it is all.
  const share = bytes === 0 ? 0 : Math.min(1, bytes / known);
  if (sources.length === 0 && (share <= SHARE || bytes <= BYTES)) return undefined;
  return { sources, files: prunes.length, bytes, share };
}

function emptiedSources(there: readonly Placement[], prunes: readonly Prune[]): string[] {
  const pruned = countBySource(prunes);
  const placed = countBySource(there);
  return [...pruned]
    .filter(([source, count]) => placed.get(source) === count)
    .map(([source]) => source)
    .sort();
}

function countBySource(list: Iterable<{ readonly source: string }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { source } of list) counts.set(source, (counts.get(source) ?? 0) + 1);
  return counts;
}
